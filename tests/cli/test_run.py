"""``gandiag run``: unmodified scripts in many hands' styles, watched rightly and left as they are."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import gandiag
from gandiag.cli.program import Program
from gandiag.cli.run import run_program
from gandiag.errors import GandiagWarning

ROOT = Path(__file__).parents[2]
LOOPS = ROOT / "tests" / "loops"


def run_here(script: str, out: Path, capsys, monkeypatch) -> tuple[int, str, str]:
    monkeypatch.chdir(out.parent)
    try:
        code = run_program(Program.from_file(LOOPS / script), [], out)
    except SystemExit as ending:
        code = ending.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def run_plainly(script: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(LOOPS / script)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )


@pytest.mark.filterwarnings("ignore::gandiag.errors.GandiagWarning")
@pytest.mark.parametrize("script", ["argparse_script.py", "sys_exit_script.py", "helper_beside/train_gan.py"])
def test_a_script_prints_and_ends_as_under_python_and_leaves_a_report(script, tmp_path, capsys, monkeypatch):
    """In a process of its own; tests/test_loops.py does the same for all scripts within one."""
    monkeypatch.setattr("sys.path", sys.path[:])
    code, out, err = run_here(script, tmp_path / "run", capsys, monkeypatch)
    for name in [name for name in sys.modules if name.startswith("beside_")]:
        del sys.modules[name]
    plain = run_plainly(script)
    assert (out, code) == (plain.stdout, plain.returncode)
    assert err.startswith("gandiag: watching generator ")
    assert (tmp_path / "run" / "report.html").exists()


def test_where_there_is_no_gan_the_script_runs_unharmed_and_the_candidates_are_named(tmp_path, capsys, monkeypatch):
    code, out, err = run_here("no_gan.py", tmp_path / "run", capsys, monkeypatch)
    assert (code, out) == (0, "trained\n")
    assert "no generator and discriminator were recognised" in err
    assert "model (Linear)" in err
    assert not (tmp_path / "run").exists()


def test_the_users_names_overrule(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_program(
        Program.from_file(LOOPS / "conditional.py"), [], tmp_path / "run", generator="gen.net", discriminator="disc"
    )
    assert "generator gen.net (Sequential), discriminator disc (CondD)" in capsys.readouterr().err


def test_an_error_keeps_its_traceback_and_exit_code(tmp_path, capsys, monkeypatch):
    code, _, err = run_here("raises.py", tmp_path / "run", capsys, monkeypatch)
    assert code == 1
    assert err.rstrip().endswith("RuntimeError: out of cheese")
    assert "cli/run.py" not in err.split("Traceback")[1]
    assert len(gandiag.Recording.load(tmp_path / "run").series("steps.grad_norm[G]")) == 16


def test_ctrl_c_leaves_a_run_a_verdict_and_a_report(tmp_path):
    script = tmp_path / "endless.py"
    text = (
        (LOOPS / "one_batch.py")
        .read_text()
        .replace(
            "for _step in range(25):",
            "import itertools, pathlib, time\nfor step in itertools.count():\n    time.sleep(0.001)\n"
            f"    if step == 20: pathlib.Path({str(tmp_path / 'watched')!r}).touch()",
        )
    )
    script.write_text(text)
    command = [
        sys.executable,
        "-c",
        "from gandiag.cli import main; main()",
        "run",
        "--out",
        str(tmp_path / "run"),
        str(script),
    ]
    # A shell's background job begins with SIGINT ignored, and its children with it.
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        while not (tmp_path / "watched").exists():
            time.sleep(0.1)
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == -signal.SIGINT
    assert "Verdict: " in err
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.filterwarnings("ignore::gandiag.errors.GandiagWarning")
def test_a_script_that_attaches_gandiag_itself_keeps_its_monitor(tmp_path, capsys, monkeypatch):
    text = (LOOPS / "one_batch.py").read_text()
    before, after = text.split("target = ")
    script = tmp_path / "attached.py"
    attached = f"{before}import gandiag\nmonitor = gandiag.attach(G, D)\ntarget = {after}"
    script.write_text(f"{attached}\nprint(len(monitor.recording.steps))\n")
    monkeypatch.chdir(tmp_path)
    assert run_program(Program.from_file(script), [], tmp_path / "run") == 0
    captured = capsys.readouterr()
    assert captured.out.endswith("50\n")
    assert "attaches gandiag itself" in captured.err
    assert not (tmp_path / "run").exists()


def test_an_error_in_the_search_does_not_reach_the_script(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("gandiag.monitor.discovery.logits_in", lambda value: 1 / 0)
    code, out, err = run_here("one_batch.py", tmp_path / "run", capsys, monkeypatch)
    assert (code, out) == (0, run_plainly("one_batch.py").stdout)
    assert "the search for generator and discriminator failed (ZeroDivisionError" in err


def test_an_absent_script_is_one_sentence(tmp_path):
    command = [sys.executable, "-c", "from gandiag.cli import main; main()", "run", str(tmp_path / "nothing.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert (
        done.stderr
        == f"gandiag: There is no script {tmp_path / 'nothing.py'}; give the Python file that trains the GAN.\n"
    )


def test_no_hook_is_left_behind(tmp_path, capsys, monkeypatch):
    from torch.nn.modules import module as home
    from torch.optim import Optimizer

    before = Optimizer.__init__
    run_here("one_batch.py", tmp_path / "run", capsys, monkeypatch)
    assert Optimizer.__init__ is before
    assert not home._global_forward_hooks
    assert not home._global_forward_pre_hooks
    assert not torch.overrides._get_current_function_mode_stack()
    assert GandiagWarning is not None


def test_a_module_runs_as_under_python_m(tmp_path):
    """With relative imports, which a script cannot have."""
    package = tmp_path / "project"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "nets.py").write_text(
        "import torch\n\ndef build():\n    return torch.nn.Linear(3, 2), torch.nn.Linear(2, 1)\n"
    )
    (package / "train.py").write_text(
        "import sys\nimport torch\nfrom .nets import build\n\n"
        "N_CRITIC = 2\n\n\n"
        "def main():\n"
        "    torch.manual_seed(0)\n"
        "    G, D = build()\n"
        "    g, d = torch.optim.SGD(G.parameters(), 0.1), torch.optim.SGD(D.parameters(), 0.1)\n"
        "    for _ in range(12):\n"
        "        for _ in range(N_CRITIC):\n"
        "            d.zero_grad()\n"
        "            (D(G(torch.randn(8, 3)).detach()).mean() - D(torch.randn(8, 2)).mean()).backward()\n"
        "            d.step()\n"
        "        g.zero_grad()\n"
        "        (-D(G(torch.randn(8, 3))).mean()).backward()\n"
        "        g.step()\n"
        "    print(__name__, __package__, sys.argv[1:], G.weight.sum().item())\n\n\n"
        "if __name__ == '__main__':\n    main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    gandiag_run = [sys.executable, "-c", "from gandiag.cli import main; main()", "run", "--out", "run", "-m"]
    ran = [
        subprocess.run(
            [*start, "project.train", "--x", "1"], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        for start in ([sys.executable, "-m"], gandiag_run)
    ]
    assert ran[0].stdout.startswith("__main__ project ['--x', '1']"), ran[0].stderr
    assert (ran[1].stdout, ran[1].returncode) == (ran[0].stdout, 0), ran[1].stderr
    assert "watching generator G (Linear), discriminator D (Linear) (certain)" in ran[1].stderr
    recording = gandiag.Recording.load(tmp_path / "run")
    assert recording.meta["configuration"]["n_critic"] == 2
    assert len(recording.series("steps.grad_norm[D]")) == 24


def test_a_module_that_is_not_there_is_one_sentence(tmp_path):
    command = [sys.executable, "-c", "from gandiag.cli import main; main()", "run", "-m", "no.such.module"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert done.stderr.startswith("gandiag: The module no.such.module cannot be found")
    assert len(done.stderr.splitlines()) == 1

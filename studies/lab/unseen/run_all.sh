#!/bin/sh
# Each script once as a user runs it: ./run_all.sh OUT SEED SCRIPT...; the verdicts land unread in OUT/log.
out=$1 seed=$2; shift 2
mkdir -p "$out/log" "$out/samples" "$out/runs"
for script in "$@"; do
    name=$(basename "$script" .py)
    tag=$name; [ "$seed" = 0 ] || tag=$name-seed$seed
    start=$(date +%s)
    nice -n 5 python -m gandiag run --out "$out/runs/$tag" "$script" --seed "$seed" --out "$out/samples/$tag" \
        >"$out/log/$tag.out" 2>"$out/log/$tag.err"
    echo "$tag exit $? $(($(date +%s) - start)) s"
done

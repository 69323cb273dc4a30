# shellcheck shell=bash
# Sourced by build.sh: runs every suite, adds up their results and says why anything was skipped.
passed=0 failed=0 skipped=0
results=out/results
# Told again at the very end, where nobody has to search for them.
failures=()

add() {
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

skip() {
    echo "SKIPPED $1: $2"
    add 0 0 1
}

fail_suite() {
    echo "FAILED $1: $2"
    failures+=("FAILED $1: $2")
    add 0 1 0
}

# from_xml: puts the characters that XML escapes back.
from_xml() {
    sed 's/&#x[0-9A-F]*;/ /g; s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&apos;/'"'"'/g; s/&amp;/\&/g'
}

count() {
    grep -c "<UnitTestResult .* outcome=\"$2\"" "$1" || true
}

# Prints each reason of the skipped tests in a results file, with how many tests it holds for.
skip_reasons() {
    awk '
        /<UnitTestResult / { skipped = /outcome="NotExecuted"/ }
        skipped && /<Message>/ { sub(/.*<Message>/, ""); sub(/<\/Message>.*/, ""); print; skipped = 0 }
    ' "$1" | from_xml | sort | uniq -c | sed "s/^ *\([0-9]*\) /SKIPPED $2: \1 × /"
}

# Prints each failed test in a results file, with the first line of what it says; then what failed outside of a test, such as
# the clean-up of a class.
failed_tests() {
    awk '
        /<UnitTestResult / {
            failed = /outcome="Failed"/
            test = $0; sub(/.* testName="/, "", test); sub(/".*/, "", test)
        }
        failed && /<Message>/ { sub(/.*<Message>/, ""); sub(/<\/Message>.*/, ""); print test ": " $0; failed = 0 }
        /<RunInfo / { broken = /outcome="Error"/ }
        broken && /<Text>/ {
            sub(/.*<Text>(\[xUnit\.net [0-9:.]*\] *)?/, ""); sub(/<\/Text>.*/, "")
            if (!/ \[FAIL\]$/) { print }
            broken = 0
        }
    ' "$1" | from_xml
}

# run_project NAME PROJECT: a test project, already built.
run_project() {
    local name=$1 project=$2 trx code=0 ok bad ignored test
    trx=$PWD/$results/$name.trx
    echo "== $name"
    tidily timeout --kill-after=30 1800 dotnet test "$project" --configuration Release --no-build --blame-hang-timeout 5m \
        --logger "trx;LogFileName=$trx" --results-directory "$results/$name" || code=$?
    if [[ ! -f $trx ]]; then
        fail_suite "$name" "the test runner ended with $code and left no results"
        return
    fi
    ok=$(count "$trx" Passed) bad=$(count "$trx" Failed) ignored=$(count "$trx" NotExecuted)
    add "$ok" "$bad" "$ignored"
    skip_reasons "$trx" "$name"
    while read -r test; do
        failures+=("FAILED $name: $test")
    done < <(failed_tests "$trx")
    if ((ok + bad + ignored == 0)); then
        fail_suite "$name" "no test ran"
    elif ((code != 0 && bad == 0)); then
        fail_suite "$name" "the test runner ended with $code though no test failed"
    fi
}

# run_example NAME COMMAND…: counts as one test, and is shown where it fails.
run_example() {
    local name=$1 log
    log=$results/${name//\//-}.log
    echo "== $name"
    if "${@:2}" > "$log" 2>&1; then
        add 1 0 0
    else
        cat "$log"
        fail_suite "$name" "it ended with an error"
    fi
}

# The example moves a process to another daemon, which ends with this subshell.
migrate_between_daemons() (
    first=$CONTAINERD_ADDRESS
    daemon=
    trap stop_daemon EXIT
    trap 'exit 130' INT TERM HUP
    start_daemon 1.6 || exit
    run_script docs/examples/checkpoint-migration.ps1 -Source "$first" -Destination "$CONTAINERD_ADDRESS"
)

run_scripts() {
    local script
    # runc keeps its state and cgroups by namespace and id for all daemons of a machine.
    local -x CONTAINERD_NAMESPACE
    CONTAINERD_NAMESPACE=examples-$(tr -d - < /proc/sys/kernel/random/uuid)
    for script in docs/examples/*.ps1; do
        run_example "$script on $1" run_script "$script"
    done
    run_example "checkpoint-migration between two daemons, from $1" migrate_between_daemons
}

run_pester() {
    local counts=$PWD/$results/pester-$1 ok bad ignored test
    echo "== Pester on $1"
    if tidily timeout --kill-after=30 1800 "$PWSH" -NoProfile -NonInteractive -File tests/Pester/run.ps1 -Results "$counts" &&
        read -r ok bad ignored < "$counts" && ((ok + bad + ignored > 0)); then
        add "$ok" "$bad" "$ignored"
        while read -r test; do
            failures+=("FAILED Pester on $1: $test")
        done < <(tail -n +2 "$counts")
    else
        fail_suite Pester "it crashed or ran no test"
    fi
}

# run_on_daemon VERSION [all]: scripts and Pester too on 1.6, or on all.
run_on_daemon() {
    local version=$1
    start_daemon "$version" --tcp
    run_project "integration-$version" tests/Containerd.IntegrationTests
    if [[ $version == 1.6 || ${2-} == all ]]; then
        if find_powershell; then
            run_scripts "$version"
            run_pester "$version"
        else
            skip "scripts and Pester" "there is no pwsh on the PATH and it couldn't be had from NuGet"
        fi
    fi
    stop_daemon
}

run_tests() {
    local version pester=$1
    rm -rf "$results"
    mkdir -p "$results"
    build
    tidily dotnet build src/Containerd.slnx --configuration Release --verbosity quiet
    run_project client tests/Containerd.Client.Tests
    run_project protocol tests/Containerd.ProtocolTests
    prepare_daemons
    run_on_daemon 1.6 "$pester"
    for version in 1.7 2.x; do
        if tests/daemon/install.sh "$version"; then
            run_on_daemon "$version" "$pester"
        else
            skip "integration-$version" "containerd $version couldn't be had from Debian"
        fi
    done
    ((failed == 0)) || printf '%s\n' "${failures[@]}"
    echo "$passed passed, $failed failed, $skipped skipped"
    ((failed == 0))
}

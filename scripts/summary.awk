# Reads what `ctest -V` wrote. Prints the output of each test that failed, why cases were skipped,
# and as its last line "N passed, N failed, N skipped": the cases of cmocka programs one by one, any
# other test as one. Exits 1 if anything failed.

/^[0-9]+: / {
    id = $0 + 0
    text = $0
    sub(/^[0-9]+: /, "", text)
    output[id] = output[id] text "\n"
    if (text ~ /^skipped: /)
        why[text]++
    if (text ~ /^\[ RUN      \] /) {
        settle(id, "failed")
        open[id] = substr(text, 14)
        cases[id]++
    } else if (text ~ /^\[       OK \] /) {
        settle(id, "passed")
    } else if (text ~ /^\[  SKIPPED \] /) {
        settle(id, "skipped")
    } else if (text ~ /^\[  FAILED  \] / || text ~ /^\[==========\] /) {
        settle(id, "failed")
    }
    next
}

/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
    match($0, /#[0-9]+/)
    id = substr($0, RSTART + 1, RLENGTH - 1) + 0
    match($0, /: [^ ]+/)
    name = substr($0, RSTART + 2, RLENGTH - 2)
    settle(id, "failed")
    verdict = / Passed /? "passed" : /\*\*\*Skipped /? "skipped" : "failed"
    if (!cases[id])
        total[verdict]++
    else if (verdict == "failed" && !broken[id])
        total["failed"]++
    if (verdict == "failed" || broken[id]) {
        sub(/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: /, "")
        print "---- " $0
        printf "%s", output[id]
        failures = failures "FAILED " name broken[id] "\n"
    }
    delete output[id]
}

END {
    printf "%s", failures
    for (text in why)
        print why[text] " " text
    printf "%d passed, %d failed, %d skipped\n", total["passed"], total["failed"], total["skipped"]
    exit failures != "" || total["passed"] == 0
}

# Ends the case that is running in program id, if one is.
function settle(id, verdict)
{
    if (!(id in open))
        return
    total[verdict]++
    if (verdict == "failed")
        broken[id] = broken[id] " " open[id]
    delete open[id]
}

#!/bin/sh
# A folder of src/ may include only from folders before it in the list, and only the libraries named
# here; the command may include any folder. doc/ARCHITECTURE.md says why.
set -eu
cd "$(dirname "$0")/.."

find src cmd include -name '*.[ch]' | sort | xargs awk '
BEGIN {
    n = split("base codec crypto x509 evidence tee appraise verify issue sim attest session collateral tls conform", list)
    for (i = 1; i <= n; i++)
        rank[list[i]] = i
    rank["cmd"] = n + 1
    # From here on a folder touches the world; before it, what C itself has is enough.
    world = rank["sim"]
    pure = " assert ctype errno inttypes limits pthread stdalign stdatomic stdarg stdbool stddef stdint stdio stdlib string "
    # Who may include which library.
    library["openssl"] = " crypto tls cmd "
    library["jansson"] = " appraise cmd "
    library["curl"] = " collateral "
    library["hiredis"] = " collateral "
    library["event2"] = " cmd "
}

function refuse(why)
{
    printf "%s:%d: %s: %s\n", FILENAME, FNR, $0, why
    bad++
}

FNR == 1 {
    files++
    split(FILENAME, part, "/")
    room = part[1] == "src" ? part[2] : part[1]
    if (part[1] == "src" && (!(room in rank) || part[4] != ""))
        refuse("no such folder in the list of scripts/check-layers.sh")
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    if (split(quoted[2], at, "/") == 1) {
        if (room != "cmd")
            refuse("write the folder too, \"" room "/" quoted[2] "\"")
    } else if (at[1] == "ratls") {
        # the public headers are open to all
    } else if (room == "include") {
        refuse("a public header includes public headers only")
    } else if (at[1] == "cmd" || !(at[1] in rank)) {
        refuse("only the folders of src/ and ratls/ can be included")
    } else if (rank[at[1]] > rank[room]) {
        refuse(room " comes before " at[1] " and must not know it")
    }
    next
}

/^[ \t]*#[ \t]*include[ \t]*</ {
    split($0, angled, /[<>]/)
    split(angled[2], at, /[\/.]/)
    if (at[1] in library) {
        if (index(library[at[1]], " " room " ") == 0)
            refuse("only these use " at[1] ":" library[at[1]])
    } else if (room != "cmd" && rank[room] < world && index(pure, " " at[1] " ") == 0) {
        refuse(room " is pure and takes only the headers of C that touch nothing outside")
    }
    next
}

/^[ \t]*#[ \t]*include/ {
    refuse("the name of the file must stand here")
}

END {
    if (bad)
        exit 1
    print files " files keep to the layers"
}'

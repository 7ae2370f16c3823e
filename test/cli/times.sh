# --time and --skew.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
: >empty

# WRITTEN MEANT
while read -r written meant; do
    run 1 verify-quote empty --time "$written"
    has out "judged at $meant, skew 0 s"
done <<'END'
0 1970-01-01T00:00:00Z
1684162180 2023-05-15T14:49:40Z
253402300799 9999-12-31T23:59:59Z
2023-05-15T14:49:40Z 2023-05-15T14:49:40Z
2023-05-15t14:49:40z 2023-05-15T14:49:40Z
2023-05-15T14:49:40.999999Z 2023-05-15T14:49:40Z
2023-05-15T16:49:40+02:00 2023-05-15T14:49:40Z
2023-05-15T09:19:40.5-05:30 2023-05-15T14:49:40Z
2024-02-29T00:00:00+00:00 2024-02-29T00:00:00Z
2024-01-01T00:30:00+01:00 2023-12-31T23:30:00Z
END

while read -r written; do
    run 2 verify-quote empty --time "$written"
    has err "^ratls: --time: found '.*', expected Unix seconds or RFC 3339"
done <<'END'
now
-1
+5
1e9
0x10
253402300800
99999999999999999999999
2023-05-15
2023-05-15T14:49:40
2023-05-15 14:49:40Z
2023-05-15T14:49Z
2023-5-15T14:49:40Z
2023-02-29T00:00:00Z
2023-13-01T00:00:00Z
2023-05-15T24:00:00Z
2023-05-15T14:49:60Z
2023-05-15T14:49:40.Z
2023-05-15T14:49:40Zz
2023-05-15T14:49:40+0200
2023-05-15T14:49:40+24:00
2023-05-15T14:49:40+02:60
END
run 2 verify-quote empty --time ''
has err "found ''"

run 1 verify-quote empty --skew 0
has out ', skew 0 s'
run 1 verify-quote empty --skew 86400 --time 7
has out 'judged at 1970-01-01T00:00:07Z, skew 86400 s'
run 1 verify-quote empty
has out ', skew 300 s'
for written in 86401 -1 5m '' 1.5; do
    run 2 verify-quote empty --skew "$written"
    has err "^ratls: --skew: found '$written', expected seconds from 0 to 86400"
done

done_testing

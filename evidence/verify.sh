#!/usr/bin/env bash
# bash verify.sh LOG.pem [DIR]     verifies an unpacked evidence bundle: DIR, or the folder of this script
# LOG.pem is the log's public key, from somewhere you trust; not from the bundle, which cannot vouch for itself.
# Needs bash 4.4, openssl, jq, and coreutils (sha256sum and the like). Uses no network, changes nothing.
# Exit 0: all of this holds. 1: something does not. 2: it could not be tried, or needs a newer verifier than this.
# Exit 3: all of it holds, and a record says that somebody had changed what was stored, and what was done about it.
# Not checked here: single records (verify.py reads each), and whether the rules were kept (`countersign verify`).
set -u -o pipefail && shopt -s globstar dotglob nullglob && export LC_ALL=C
fail() { printf 'FAILED: %s\n' "$1" >&2; exit 1; }
give_up() { printf '%s\n' "$1" >&2; exit 2; }
newer() { give_up "newer-format: $1, which this script does not know. Use a newer verifier."; }
sha256() { openssl dgst -sha256 -binary; }
base64url() { base64 -w 0 | tr '+/' '-_' | tr -d '='; }
# unbase64 TEXT FILE: there is one way to write given bytes in base64; any other is refused
unbase64() { printf '%s' "$1" | base64 -d >"$2" 2>/dev/null && [ "$(base64 -w 0 <"$2")" = "$1" ]; }
signed() { openssl dgst -sha256 -verify "$1" -signature "$3" "$2" >/dev/null 2>&1; } # KEY FILE SIGNATURE

[ $# -eq 1 ] || [ $# -eq 2 ] || give_up 'usage: bash verify.sh LOG.pem [DIR]'
for tool in openssl jq sha256sum; do command -v "$tool" >/dev/null || give_up "$tool is not installed."; done
key=$(realpath -e -- "$1") || give_up 'There is no such LOG.pem.'
cd -- "${2:-$(dirname -- "$(realpath -- "$0")")}" || give_up 'There is no such folder.'
tmp=$(mktemp -d) && trap 'rm -rf -- "$tmp"' EXIT || give_up 'There is no place for temporary files.'

# 0. The key, P-256. In DER it ends in x and y, 32 bytes each (RFC 5480). Its thumbprint names it (RFC 7638).
openssl pkey -pubin -in "$key" -outform DER -out "$tmp/key" 2>/dev/null || give_up 'LOG.pem is not a public key.'
x=$(tail -c 64 "$tmp/key" | head -c 32 | base64url) y=$(tail -c 32 "$tmp/key" | base64url)
kid=$(printf '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' "$x" "$y" | sha256 | base64url)

# 1. The manifest is signed. DSSE signs "DSSEv1", then length and text of the payload's type and of the payload. What
#    is around it, written again from what it must hold (RFC 8785), must come out the same, byte for byte.
manifest=manifest.sigstore.json statement=$tmp/statement type=application/vnd.in-toto+json
jq -njcS --arg type "$type" 'input | { mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", dsseEnvelope: {
  payload: .dsseEnvelope.payload, payloadType: $type, signatures: [.dsseEnvelope.signatures[] | { keyid, sig }] },
  verificationMaterial: { publicKey: { hint: .dsseEnvelope.signatures[0].keyid } } }' "$manifest" 2>/dev/null |
  cmp -s - "$manifest" || fail "$manifest is missing, or not a signed statement in canonical JSON."
IFS=$'\t' read -r payload hint signature < <(jq -r --arg kid "$kid" '.dsseEnvelope |
  [.payload, .signatures[0].keyid, (.signatures[] | select(.keyid == $kid).sig)] | @tsv' "$manifest")
unbase64 "$payload" "$statement" && [ -n "$signature" ] || fail 'The manifest is not signed with LOG.pem.'
{ printf 'DSSEv1 %d %s %d ' "${#type}" "$type" "$(wc -c <"$statement")"; cat "$statement"; } >"$tmp/pae"
unbase64 "$signature" "$tmp/sig" && signed "$key" "$tmp/pae" "$tmp/sig" || fail "The manifest's signature is wrong."
echo 'ok   the manifest is signed with LOG.pem'

# 2. It lists every member of a bundle, each once, by plain names. It is one JSON value with no name in it twice.
jq -njcS input "$statement" 2>/dev/null | cmp -s - "$statement" || fail 'The manifest is not canonical JSON.'
#    A later form of it is not broken, but this script does not know how it lists the members.
format=urn:uuid:3b9b01dd-9f73-4dd3-92ed-b337fd0f422a/evidence-bundle/v1
later=$(jq -r --arg format "$format" 'select(._type == "https://in-toto.io/Statement/v1").predicateType |
  select(test("\\A" + $format[:-1] + "([2-9]|[1-9][0-9]{1,5})\\z"))' "$statement" 2>/dev/null)
[ -z "$later" ] || newer "the manifest is of type $later"
jq -e --arg format "$format" '._type == "https://in-toto.io/Statement/v1" and .predicateType == $format
  and all(.subject[].digest.sha256; test("\\A[0-9a-f]{64}\\z")) and ([.subject[].name] | length == (unique | length)
  and all(.[]; test("\\A[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\\z"))
  and ["README.txt", "verify.sh", "verify.py", "checkpoint.prev", "checkpoint", "checkpoint.add", "records.jsonl",
    "carried.jsonl", "requests.csv", "exceptions.csv"] - . == [])' "$statement" >/dev/null 2>&1 ||
  fail 'The manifest does not list the members of an evidence bundle.'
jq -r '.subject[] | "\(.digest.sha256)  \(.name)"' "$statement" >"$tmp/sums"
listed=$'\n'$manifest$'\n'$(cut -c 67- "$tmp/sums")$'\n'

# 3. The folder holds these members, unchanged, and nothing else: no link, no hidden file, no other folder.
for path in **; do
  [[ $path =~ ^[A-Za-z0-9._/-]+$ && ! -L $path ]] || fail "$(printf '%q' "$path") is no member of a bundle."
  if [ -d "$path" ]; then path+=/; elif [ -f "$path" ]; then path+=$'\n'; else path+=' '; fi
  [[ $listed == *$'\n'"$path"* ]] || fail "${path%?} is not listed in the manifest."
done
sha256sum --check --strict --quiet "$tmp/sums" >&2 || fail 'A member is missing or is not what the manifest says.'
echo 'ok   all members are there, none changed, none added'

# 4. A checkpoint says in three lines what the manifest says: the log's name, its size, its root. After an empty line
#    come lines "— name base64": the first 4 bytes of a key's SHA-256, and its signature (c2sp.org/signed-note).
#    On the day of a key rotation two keys sign; the hint names the older, which alone signed the day before.
IFS=$'\t' read -r origin from from_root to to_root number date records < <(jq -r '.predicate | [.log.origin,
  .log.from.size, .log.from.root, .log.to.size, .log.to.root, .number, .date, .counts.records] | @tsv' "$statement")
[[ "$origin $from $to $number $records $date" =~ ^[!-*,-~]+(\ (0|[1-9][0-9]{0,15})){4}\ [0-9-]{10}$ ]] ||
  fail 'The manifest does not say which log, day and sizes it is about.'
check_note() { # FILE SIZE ROOT KEY
  printf '%s\n' "$origin" "$2" "$3" >"$tmp/text"
  head -n 4 "$1" | cmp -s - <(cat "$tmp/text"; echo) || fail "$1 does not have the manifest's name, size and root."
  key_id=$(openssl pkey -pubin -in "$4" -outform DER 2>/dev/null | sha256 | head -c 4 | base64) count=0
  while IFS= read -r line || [ -n "$line" ]; do
    [[ $line == '— '* ]] || fail "$1 is not a signed note."
    [[ $line == "— $origin "* ]] || continue
    unbase64 "${line##* }" "$tmp/sig" || fail "A signature of $1 is not base64."
    [ "$(head -c 4 "$tmp/sig" | base64)" = "$key_id" ] || continue
    tail -c +5 "$tmp/sig" >"$tmp/der" && signed "$4" "$tmp/text" "$tmp/der" || fail "The signature of $1 is wrong."
    count=$((count + 1))
  done < <(tail -n +5 "$1")
  [ "$count" -gt 0 ] || fail "$1 is not signed with the log's key."
}
older=keys/$hint.pem
[[ $listed == *$'\n'"$older"$'\n'* ]] || fail 'The key that signed the manifest is not in the bundle.'
[ "$older" != "keys/$kid.pem" ] || older=$key
check_note checkpoint.prev "$from" "$from_root" "$older"
check_note checkpoint "$to" "$to_root" "$key"
echo 'ok   both checkpoints are signed and say what the manifest says'

# 5. The log still holds all that it held before the day: the consistency proof (RFC 9162, 2.1.4.2). checkpoint.add is
#    "old SIZE", the proof's hashes, an empty line, and checkpoint (c2sp.org/tlog-witness).
mapfile -t -n 64 proof < <(tail -n +2 checkpoint.add | head -n "-$(($(wc -l <checkpoint) + 1))")
printf '%s\n' "old $from" "${proof[@]}" '' | cat - checkpoint | cmp -s checkpoint.add || fail 'checkpoint.add is wrong.'
hash='^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$' # 32 bytes in base64: the last two bits are unused
for h in "$from_root" "$to_root" "${proof[@]}"; do [[ $h =~ $hash ]] || fail 'A hash is not 32 bytes in base64.'; done
node() { { printf '\1'; base64 -d <<<"$1"; base64 -d <<<"$2"; } | sha256 | base64; }
consistent() { # HASH...
  if ((from == 0)) && [ "$from_root" != "$(printf '' | sha256 | base64)" ]; then return 1; fi
  if ((from == to)); then [ $# -eq 0 ] && [ "$from_root" = "$to_root" ]; return; fi
  if ((from == 0)); then [ $# -eq 0 ]; return; fi
  if ((!(from & (from - 1)))); then set -- "$from_root" "$@"; fi # a power of two: its root is the first hash
  local fn=$((from - 1)) sn=$((to - 1)) fr=${1-} sr=${1-}
  while ((fn & 1)); do ((fn >>= 1, sn >>= 1)); done
  for h in "${@:2}"; do
    ((sn > 0)) || return 1
    if ((fn & 1 || fn == sn)); then
      fr=$(node "$h" "$fr") sr=$(node "$h" "$sr")
      while ((fn > 0 && !(fn & 1))); do ((fn >>= 1, sn >>= 1)); done
    else sr=$(node "$sr" "$h"); fi
    ((fn >>= 1, sn >>= 1))
  done
  ((from < to && sn == 0)) && [ "$fr" = "$from_root" ] && [ "$sr" = "$to_root" ]
}
consistent "${proof[@]}" || fail 'The consistency proof does not lead from the root before to the root after the day.'
echo 'ok   the log before the day is part of the log after it, unchanged'

# 6. The day has as many records as the log grew by.
[ "$(wc -l <records.jsonl) $records" = "$((to - from)) $((to - from))" ] || fail 'The number of records is not right.'

# 7. Nothing in it is of a later format: such a bundle is not broken, but this script does not know what to check in it.
member=$(jq -r '[.subject[].name | select(test("\\A(README\\.txt|verify\\.(sh|py)|checkpoint(\\.(prev|add))?|" +
  "(records|carried)\\.jsonl|(requests|exceptions)\\.csv|keys/[A-Za-z0-9_-]{43}\\.pem|cards/[0-9a-f]{64}\\.json|" +
  "policy/[0-9a-f]{64}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){1,4})\\z") | not)][0] // empty' "$statement")
[ -z "$member" ] || newer "the manifest lists $member"
types='requested shown decided vote-void approved denied expired cancelled lapsed revoked redeemed unreported
  undeliverable succeeded failed policy-changed key-rotated erasure-asked erased tampered' # each in version 1
check_kinds() { # FILE FILTER: what gives the events in its lines
  jq -c "$2 | [.type, .v]" "$1" >"$tmp/kinds" 2>/dev/null &&
    sort -u "$tmp/kinds" | jq -es 'all(.[]; (.[0] | test("\\A[a-z][a-z0-9-]{0,63}\\z")) and
      (.[1] | . >= 1 and . == floor))' >/dev/null 2>&1 || fail "$1 has something that is no event."
  kind=$(sort -u "$tmp/kinds" | jq -cn --arg types "$types" \
    '[inputs | select(.[1] != 1 or ([.[0]] - [$types | splits("\\s+")] != []))][0] // empty')
  [ -z "$kind" ] && return
  newer "line $(grep -nxF -m 1 -- "$kind" "$tmp/kinds" | cut -d : -f 1) of $1 has type and version $kind"
}
check_kinds records.jsonl .
verdict=VERIFIED code=0
if grep -qxF '["tampered",1]' "$tmp/kinds"; then verdict='HOLDS, WITH A RECORDED TAMPERING' code=3; fi
check_kinds carried.jsonl '.leaf | fromjson'
echo "$verdict $date, bundle $number of $origin: $records records, log size $from to $to"
exit "$code"

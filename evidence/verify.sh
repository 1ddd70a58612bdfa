#!/usr/bin/env bash
# bash verify.sh LOG.pem [DIR]     verifies an unpacked evidence bundle: DIR, or the folder of this script
# LOG.pem is the log's public key, from somewhere you trust; not from the bundle, which cannot vouch for itself.
# Needs bash 4.4, openssl, jq 1.6, and coreutils (sha256sum and the like). Uses no network, changes nothing.
# Exit 0: all of this holds. 1: something does not. 2: it could not be tried, or needs a newer verifier than this.
# Exit 3: all of it holds, and a record says that somebody had changed what was stored, and what was done about it.
# Not checked here: single records (verify.py reads each), and whether the rules were kept (`countersign verify`).
set -u -o pipefail && shopt -s globstar dotglob nullglob && export LC_ALL=C
fail() { printf 'FAILED: %s\n' "$1" >&2; exit 1; }
give_up() { printf '%s\n' "$1" >&2; exit 2; }
newer() { give_up "newer-format: $1, which this script does not know. Use a newer verifier."; }
base64url() { REPLY=${1//+/-} REPLY=${REPLY//\//_} REPLY=${REPLY//=}; } # TEXT WITH BASE64
# unbase64 TEXT FILE: there is one way to write given bytes in base64; any other is refused
unbase64() { base64 -d <<<"$1" >"$2" 2>/dev/null && [ "$(base64 -w 0 "$2")" = "$1" ]; }
signed() { openssl dgst -sha256 -verify "$1" -signature "$3" "$2" >/dev/null 2>&1; } # KEY FILE SIGNATURE

[ $# -eq 1 ] || [ $# -eq 2 ] || give_up 'usage: bash verify.sh LOG.pem [DIR]'
for tool in openssl jq sha256sum; do command -v "$tool" >/dev/null || give_up "$tool is not installed."; done
key=$(realpath -e -- "$1") || give_up 'There is no such LOG.pem.'
cd -- "${2:-$(dirname -- "$(realpath -- "$0")")}" || give_up 'There is no such folder.'
tmp=$(mktemp -d) && trap 'rm -rf -- "$tmp"' EXIT || give_up 'There is no place for temporary files.'

# 0. The key, P-256. In DER it ends in x and y, 32 bytes each (RFC 5480). Its thumbprint names it (RFC 7638).
openssl pkey -pubin -in "$key" -outform DER -out "$tmp/key" 2>/dev/null || give_up 'LOG.pem is not a public key.'
x=$(tail -c 64 "$tmp/key" | head -c 32 | base64) y=$(tail -c 32 "$tmp/key" | base64)
base64url "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"$x\",\"y\":\"$y\"}"
base64url "$(printf '%s' "$REPLY" | openssl dgst -sha256 -binary | base64)" && kid=$REPLY

# 1. The manifest is signed. DSSE signs "DSSEv1", then length and text of the payload's type and of the payload. What
#    is around it, written again from what it must hold (RFC 8785), must come out the same, byte for byte.
manifest=manifest.sigstore.json type=application/vnd.in-toto+json
jq -njcS --arg type "$type" 'input | { mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", dsseEnvelope: {
  payload: .dsseEnvelope.payload, payloadType: $type, signatures: [.dsseEnvelope.signatures[] | { keyid, sig }] },
  verificationMaterial: { publicKey: { hint: .dsseEnvelope.signatures[0].keyid } } }' "$manifest" 2>/dev/null |
  cmp -s - "$manifest" || fail "$manifest is missing, or not a signed statement in canonical JSON."
#    One run of jq reads all that this script wants to know of the manifest, line by line. It judges nothing yet.
format=urn:uuid:3b9b01dd-9f73-4dd3-92ed-b337fd0f422a/evidence-bundle/v1
jq -rcS --arg kid "$kid" --arg format "$format" '.dsseEnvelope | (.payload | @base64d) as $text |
  ([.signatures[0].keyid, (.signatures[] | select(.keyid == $kid).sig)] | @tsv),
  if ($text | @base64) == .payload and ($text | contains("\n") | not) then $text else "" end,
  ([$text | fromjson?][0] | .,
    (select(._type == "https://in-toto.io/Statement/v1").predicateType |
      select(test("\\A" + $format[:-1] + "([2-9]|[1-9][0-9]{1,5})\\z")))? // "",
    (._type == "https://in-toto.io/Statement/v1" and .predicateType == $format
      and all(.subject[].digest.sha256; test("\\A[0-9a-f]{64}\\z")) and ([.subject[].name] | length == (unique | length)
      and all(.[]; test("\\A[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\\z"))
      and ["README.txt", "verify.sh", "verify.py", "checkpoint.prev", "checkpoint", "checkpoint.add", "records.jsonl",
        "carried.jsonl", "requests.csv", "exceptions.csv"] - . == []))? // false,
    (.predicate | [.log.origin, .log.from.size, .log.from.root, .log.to.size, .log.to.root, .number, .date,
      .counts.records] | @tsv)? // "",
    ([.subject[].name | select(test("\\A(README\\.txt|verify\\.(sh|py)|checkpoint(\\.(prev|add))?|" +
      "(records|carried)\\.jsonl|(requests|exceptions)\\.csv|keys/[A-Za-z0-9_-]{43}\\.pem|cards/[0-9a-f]{64}\\.json|" +
      "policy/[0-9a-f]{64}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){1,4})\\z") | not)][0])? // "",
    (.subject[] | "\(.digest.sha256)  \(.name)")?)' "$manifest" >"$tmp/said" 2>/dev/null
mapfile -t said <"$tmp/said"
[ "${#said[@]}" -gt 6 ] || fail 'The manifest is not signed with LOG.pem.'
text=${said[1]} canonical=${said[2]} later=${said[3]} lists=${said[4]} member=${said[6]}
IFS=$'\t' read -r hint signature <<<"${said[0]}"
printf 'DSSEv1 %d %s %d %s' "${#type}" "$type" "${#text}" "$text" >"$tmp/pae"
[ -n "$text" ] && [ -n "$signature" ] || fail 'The manifest is not signed with LOG.pem.'
unbase64 "$signature" "$tmp/sig" && signed "$key" "$tmp/pae" "$tmp/sig" || fail "The manifest's signature is wrong."
echo 'ok   the manifest is signed with LOG.pem'

# 2. It lists every member of a bundle, each once, by plain names. It is one JSON value with no name in it twice.
[ "$text" = "$canonical" ] || fail 'The manifest is not canonical JSON.'
#    A later form of it is not broken, but this script does not know how it lists the members.
[ -z "$later" ] || newer "the manifest is of type $later"
[ "$lists" = true ] || fail 'The manifest does not list the members of an evidence bundle.'
sums=("${said[@]:7}") && printf -v listed '%s\n' '' "$manifest" "${sums[@]#*  }"

# 3. The folder holds these members, unchanged, and nothing else: no link, no hidden file, no other folder.
for path in **; do
  [[ $path =~ ^[A-Za-z0-9._/-]+$ && ! -L $path ]] || fail "$(printf '%q' "$path") is no member of a bundle."
  if [ -d "$path" ]; then path+=/; elif [ -f "$path" ]; then path+=$'\n'; else path+=' '; fi
  [[ $listed == *$'\n'"$path"* ]] || fail "${path%?} is not listed in the manifest."
done
printf '%s\n' "${sums[@]}" | sha256sum --check --strict --quiet >&2 ||
  fail 'A member is missing or is not what the manifest says.'
echo 'ok   all members are there, none changed, none added'

# 4. A checkpoint says in three lines what the manifest says: the log's name, its size, its root. After an empty line
#    come lines "— name base64": the first 4 bytes of a key's SHA-256, and its signature (c2sp.org/signed-note).
#    On the day of a key rotation two keys sign; the hint names the older, which alone signed the day before.
IFS=$'\t' read -r origin from from_root to to_root number date records <<<"${said[5]}"
[[ "$origin $from $to $number $records $date" =~ ^[!-*,-~]+(\ (0|[1-9][0-9]{0,15})){4}\ [0-9-]{10}$ ]] ||
  fail 'The manifest does not say which log, day and sizes it is about.'
check_note() { # FILE SIZE ROOT KEY HASH: the last is a file with the SHA-256 of the key
  printf '%s\n' "$origin" "$2" "$3" >"$tmp/text" && printf -v text '%s\n' "$origin" "$2" "$3" ''
  cmp -s -n "${#text}" - "$1" <<<"$text" || fail "$1 does not have the manifest's name, size and root."
  mapfile -t note <"$1" && count=0
  for line in "${note[@]:4}"; do
    [[ $line == '— '* ]] || fail "$1 is not a signed note."
    [[ $line == "— $origin "* ]] || continue
    unbase64 "${line##* }" "$tmp/sig" || fail "A signature of $1 is not base64."
    cmp -s -n 4 "$tmp/sig" "$5" || continue
    tail -c +5 "$tmp/sig" >"$tmp/der" && signed "$4" "$tmp/text" "$tmp/der" || fail "The signature of $1 is wrong."
    count=$((count + 1))
  done
  [ "$count" -gt 0 ] || fail "$1 is not signed with the log's key."
}
older=keys/$hint.pem older_hash=$tmp/older hash=$tmp/hash
[[ $listed == *$'\n'"$older"$'\n'* ]] || fail 'The key that signed the manifest is not in the bundle.'
openssl dgst -sha256 -binary "$tmp/key" >"$hash"
if [ "$hint" = "$kid" ]; then older=$key older_hash=$hash
else openssl pkey -pubin -in "$older" -outform DER 2>/dev/null | openssl dgst -sha256 -binary >"$older_hash"; fi
check_note checkpoint.prev "$from" "$from_root" "$older" "$older_hash"
check_note checkpoint "$to" "$to_root" "$key" "$hash"
echo 'ok   both checkpoints are signed and say what the manifest says'

# 5. The log still holds all that it held before the day: the consistency proof (RFC 9162, 2.1.4.2). checkpoint.add is
#    "old SIZE", the proof's hashes, an empty line, and checkpoint (c2sp.org/tlog-witness).
mapfile -t add <checkpoint.add && proof=()
for line in "${add[@]:1:64}"; do if [ -n "$line" ]; then proof+=("$line"); else break; fi; done
printf '%s\n' "old $from" "${proof[@]}" '' | cat - checkpoint | cmp -s - checkpoint.add ||
  fail 'checkpoint.add is wrong.'
base64='^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$' # 32 bytes: the last two bits are unused
for h in "$from_root" "$to_root" "${proof[@]}"; do [[ $h =~ $base64 ]] || fail 'A hash is not 32 bytes in base64.'; done
#    From here on a hash is as printf takes bytes, \x00\x01 and so on. sha256 and node leave theirs in REPLY.
printf -v lines '%s\n' "$from_root" "$to_root" "${proof[@]}"
mapfile -t hashes < <(base64 -d <<<"$lines" | od -An -v -w32 -t x1)
printf -v pairs '(..)%.0s' {1..32}
sha256() { # FILE
  read -r REPLY _ < <(sha256sum <"$1") && [[ $REPLY =~ $pairs ]] && printf -v REPLY '\\x%s' "${BASH_REMATCH[@]:1}"
}
node() { printf "\\1$1$2" >"$tmp/node" && sha256 "$tmp/node"; } # LEFT RIGHT
consistent() { # OLD NEW PROOF...
  local old=$1 new=$2 && shift 2
  if ((from == 0)) && sha256 /dev/null && [ "$old" != "$REPLY" ]; then return 1; fi
  if ((from == to)); then [ $# -eq 0 ] && [ "$old" = "$new" ]; return; fi
  if ((from == 0)); then [ $# -eq 0 ]; return; fi
  if ((!(from & (from - 1)))); then set -- "$old" "$@"; fi # a power of two: its root is the first hash
  local fn=$((from - 1)) sn=$((to - 1)) fr=${1-} sr=${1-}
  while ((fn & 1)); do ((fn >>= 1, sn >>= 1)); done
  for h in "${@:2}"; do
    ((sn > 0)) || return 1
    if ((fn & 1 || fn == sn)); then
      node "$h" "$fr" && fr=$REPLY && node "$h" "$sr" && sr=$REPLY
      while ((fn > 0 && !(fn & 1))); do ((fn >>= 1, sn >>= 1)); done
    else node "$sr" "$h" && sr=$REPLY; fi
    ((fn >>= 1, sn >>= 1))
  done
  ((from < to && sn == 0)) && [ "$fr" = "$old" ] && [ "$sr" = "$new" ]
}
consistent "${hashes[@]// /\\x}" ||
  fail 'The consistency proof does not lead from the root before to the root after the day.'
echo 'ok   the log before the day is part of the log after it, unchanged'

# 6. The day has as many records as the log grew by.
[ "$(wc -l <records.jsonl) $records" = "$((to - from)) $((to - from))" ] || fail 'The number of records is not right.'

# 7. Nothing in it is of a later format: such a bundle is not broken, but this script does not know what to check in it.
[ -z "$member" ] || newer "the manifest lists $member"
types='requested shown decided vote-void approved denied expired cancelled lapsed revoked redeemed unreported
  undeliverable succeeded failed policy-changed key-rotated erasure-asked erased tampered exported' # each in version 1
check_kinds() { # FILE FILTER: what gives the events in its lines
  jq -nr --arg types "$types" "[\$types | splits(\"\\\\s+\")] as \$known |
    reduce (inputs | $2 | [.type, .v]) as [\$type, \$v] "'({};
    .line += 1 | if $v == 1 and any($known[]; . == $type) then .[$type] = true
    elif ($type | test("\\A[a-z][a-z0-9-]{0,63}\\z")) and $v >= 1 and $v == ($v | floor)
    then .newer //= "\(.line) \([$type, $v])" else error("no event") end) | .newer // "", .tampered // false' \
    "$1" >"$tmp/kinds" 2>/dev/null || fail "$1 has something that is no event."
  mapfile -t kinds <"$tmp/kinds" && kind=${kinds[0]}
  [ -z "$kind" ] || newer "line ${kind%% *} of $1 has type and version ${kind#* }"
}
verdict=VERIFIED code=0
check_kinds records.jsonl .
if [ "${kinds[1]}" = true ]; then verdict='HOLDS, WITH A RECORDED TAMPERING' code=3; fi
check_kinds carried.jsonl '.leaf | fromjson'
echo "$verdict $date, bundle $number of $origin: $records records, log size $from to $to"
exit "$code"

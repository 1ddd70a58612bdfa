#!/bin/sh
# sh verify.sh LOG.pem [DIR]     verifies an unpacked evidence bundle: DIR, or the folder of this script
# LOG.pem is the log's public key, from somewhere you trust; not from the bundle, which cannot vouch for itself.
# NOT LOOKED AT here: what single records and carried records say, their chains, and whether they make the log's root;
#   whether the rules were kept, policy allowed it, its files are complete and the tables follow from the records; the zip
#   itself; the days before and after. verify.py reads each record; `countersign verify` checks all of it.
# Needs a POSIX shell (bash, dash, BusyBox) with its common tools, openssl, and jq 1.6. No network; changes nothing.
# Exit 0: all of this holds. 1: something does not. 2: it could not be tried, or needs a newer verifier than this.
# Exit 3: all of it holds, and a record says that somebody had changed what was stored, and what was done about it.
set -u
export LC_ALL=C
unset CDPATH
umask 077
unlooked='Not looked at: what single records say, their chains and the root that they make, the rules, the policy, the tables.'
types='requested shown decided vote-void approved denied expired cancelled lapsed revoked redeemed unreported
  undeliverable succeeded failed policy-changed key-rotated erasure-asked erased tampered exported refused roster held released
  asked answered reminded escalated glass-broken reviewed unreviewed used ended delegated recalled narrowed' # each in version 1
say() { printf '%s\n' "$1" | tr -d '\000-\011\013-\037\177'; } # no character of a file moves the terminal's cursor
fail() { say "FAILED: $1" >&2; exit 1; }
give_up() { say "$1" >&2; exit 2; }
newer() { give_up "newer-format: $1, which this script does not know. Use a newer verifier."; }
is_file() { [ -f "$1" ] && [ ! -L "$1" ]; } # neither a link, nor a pipe that would be waited for
# openssl reads no more of a signature than the longest one has, so its own length (DER: the second byte) is compared first.
signed() { # KEY FILE SIGNATURE (octal escapes)
  rest=${3#????}; second=${rest%"${rest#????}"}
  [ $((0${second#?} + 2)) -eq $((${#3} / 4)) ] || return 1
  printf "$3" >"$tmp/sig"; openssl dgst -sha256 -verify "$1" -signature "$tmp/sig" "$2" >"$tmp/out" 2>&1
}

[ $# -eq 1 ] || [ $# -eq 2 ] || give_up 'usage: sh verify.sh LOG.pem [DIR]'
for tool in openssl jq awk cat cmp find mkdir rm sort tr wc xargs; do
  command -v "$tool" >/dev/null || give_up "$tool is not installed."
done
case $1 in /*) key=$1 ;; *) key=$PWD/$1 ;; esac
[ -f "$key" ] || give_up 'LOG.pem is not there, or no file.'
case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
cd -- "${2:-$here}" 2>/dev/null || give_up 'There is no such folder.'
# A new folder, which no other user may enter: mkdir takes no folder or link that is there already.
tmp=${TMPDIR:-/tmp}/countersign-verify-$$ tries=0
until mkdir "$tmp" 2>/dev/null; do
  tries=$((tries + 1)) tmp=${TMPDIR:-/tmp}/countersign-verify-$$-$tries
  [ $tries -lt 100 ] || give_up 'There is no place for temporary files.'
done
trap 'rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM

# 0. jq reads all that is JSON, notes or keys, and writes lines "NAME VALUE". What it says of signed files is believed
#    below, after the signature. A line "bad-STEP WORDS" says what is wrong, for the step that is to say so.
manifest=manifest.sigstore.json
set --
for name in "$manifest" checkpoint.prev checkpoint checkpoint.add keys/*.pem; do
  if is_file "$name"; then set -- "$@" --rawfile "$name" "$name"; else set -- "$@" --arg "$name" ''; fi
  [ $# -lt 40 ] || fail 'keys/ has more keys than can have signed.'
done
is_file records.jsonl && is_file carried.jsonl && lines='records.jsonl carried.jsonl' || lines=/dev/null
jq -nr --rawfile log "$key" --arg types "$types" "$@" '
def need(holds; words): if holds then . else error({words: words}) end;
def step(name; work): try work catch "bad-\(name) \(if type == "object" then .words else "it has another form" end)";

# base64 has one way to write given bytes. Bytes are lists of numbers; printf takes them by their octal numbers.
def base64: type == "string" and length % 4 == 0 and
  test("\\A[A-Za-z0-9+/]*(|[AQgw]==|[AEIMQUYcgkosw048]=)\\z");
def bytes: [explode[] | select(. != 61) | if . > 96 then . - 71 elif . == 47 or . == 95 then 63
    elif . > 64 then . - 65 elif . > 47 then . + 4 else 62 end] as $d |
  [range(0; $d | length; 4) | $d[.] * 262144 + $d[. + 1] * 4096 + ($d[. + 2] // 0) * 64 + ($d[. + 3] // 0) |
    (. / 65536 | floor), (. / 256 | floor % 256), . % 256][:($d | length * 3 / 4 | floor)];
def octal: map("\\\(. / 64 | floor)\(. / 8 | floor % 8)\(. % 8)") | join("");
def hex: map("0123456789abcdef" as $h | (. / 16 | floor) as $a | (. % 16) as $b | $h[$a:$a + 1] + $h[$b:$b + 1]) |
  join("");
def base64url: . as $b | "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" as $a |
  [range(0; length; 3) | $b[.] * 65536 + ($b[. + 1] // 0) * 256 + ($b[. + 2] // 0) |
    (. / 262144 | floor), (. / 4096 | floor % 64), (. / 64 | floor % 64), . % 64][:(length * 4 / 3 | ceil)] |
  map(. as $n | $a[$n:$n + 1]) | join("");
def hash: base64 and length == 44;
def hex64: type == "string" and test("\\A[0-9a-f]{64}\\z");
# A whole number, 0 or more, that every program holds exactly, in the one way to write it
def natural: type == "number" and . == floor and . >= 0 and . <= 9007199254740991 and (tostring | test("\\A[0-9]+\\z"));
def canonical: . as $text | fromjson as $value | need($value | tojson == $text and all(.. | objects; keys_unsorted == keys);
  "it is not canonical JSON") | $value;

# One public key of P-256, not compressed (RFC 5480): in DER 27 bytes that are always the same, then x and y. Its
# thumbprint (RFC 7638) is the SHA-256 of the last value.
def key: select(length <= 16384 and (split("-----BEGIN") | length == 2)) |
  capture("-----BEGIN PUBLIC KEY-----\\s(?<it>[A-Za-z0-9+/=\\s]+)-----END PUBLIC KEY-----").it |
  [explode[] | select(. > 32 and . < 127)] | implode |
  select(base64 and length == 124 and startswith("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE")) | . as $it | bytes |
  "\($it[:64]) \($it[64:]) \(octal) {\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"\(.[27:59] | base64url
  )\",\"y\":\"\(.[59:] | base64url)\"}";

# What is around the signed statement (DSSE, Sigstore), written again from what it must hold
def envelope($text): $text | fromjson.dsseEnvelope | need($text | length <= 3145728; "it is too large") |
  ({ dsseEnvelope: { payload, payloadType: "application/vnd.in-toto+json",
    signatures: [.signatures[] | { keyid, sig }] }, mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: { publicKey: { hint: .signatures[0].keyid } } } | tojson) as $again |
  need($again == $text; "it is not a signed statement in canonical JSON") |
  need(.payload | base64; "its payload is not proper base64") |
  need(.signatures | length == 1 or length == 2 and .[0].keyid != .[1].keyid; "it has no signature, or too many") |
  need(all(.signatures[]; (.sig | base64) and (.keyid | test("\\A[A-Za-z0-9_-]{43}\\z"))); "a signature is malformed");

def names: map(.name);
def statement($text): $text | need(utf8bytelength <= 2097152; "it is too large") | canonical |
  "urn:uuid:3b9b01dd-9f73-4dd3-92ed-b337fd0f422a/evidence-bundle/v1" as $format |
  # A later form is not broken, but this script does not know how it lists the members.
  if ._type == "https://in-toto.io/Statement/v1" and (.predicateType | type == "string" and
    test("\\A" + $format[:-1] + "([2-9]|[1-9][0-9]{1,5})\\z")) then { later: .predicateType } else
  need(keys == ["_type", "predicate", "predicateType", "subject"] and ._type == "https://in-toto.io/Statement/v1" and
    .predicateType == $format; "it is no statement about a bundle") |
  need(.subject == (.subject | map({ digest: { sha256: .digest.sha256 }, name })) and
    all(.subject[]; .digest.sha256 | hex64); "its list of members is malformed") |
  need(all(.subject[].name; length < 256 and
    test("\\A[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\\z")); "a member has an odd name") |
  need(.subject | length < 10000 and (names | map(ascii_downcase) | length == (unique | length));
    "it lists a member twice, or too many") |
  need(["README.txt", "verify.sh", "verify.py", "checkpoint.prev", "checkpoint", "checkpoint.add", "records.jsonl",
    "carried.jsonl", "requests.csv", "exceptions.csv"] - (.subject | names) == []; "it lacks a member") |
  need(all(.subject[] | select(.name | test("\\Acards/[0-9a-f]{64}\\.json\\z")); .name == "cards/\(.digest.sha256).json");
    "a card template has another name than digest") end;
def ones: if . == 0 then 0 else . % 2 + (. / 2 | floor | ones) end;
def moment: type == "string" and test("\\A[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}\\.[0-9]{3}Z\\z");
def day: type == "string" and test("\\A[0-9]{4}-[0-9]{2}-[0-9]{2}\\z") and
  . == (try (strptime("%Y-%m-%d") | mktime | strftime("%Y-%m-%d")) catch "");
def version(name): (has(name) | not) or (.[name] | type == "string" and test("\\Asha256:[0-9a-f]{64}\\z"));
def predicate: . as $statement | .predicate |
  need(keys - ["previousManifest"] == ["counts", "date", "log", "number", "sealedAt", "shards", "tool"];
    "it has other fields than a manifest") |
  need((.number | natural) and .number > 0 and (.number == 1) == (has("previousManifest") | not) and
    (.number == 1 or (.previousManifest | hex64)); "its number is not right") |
  need((.date | day) and (.sealedAt | moment) and .sealedAt[:10] > .date; "its day is not right") |
  need(.tool | type == "string" and test("\\A[^\\p{Cc}]{1,100}\\z"); "its tool is not right") |
  need(.log | keys == ["from", "origin", "to"] and (.from | keys == ["frontier", "root", "size"]) and
    (.to | keys == ["root", "size"]) and all(.from, .to; (.size | natural) and (.root | hash)) and
    .to.size >= .from.size and (.from.frontier | type == "array" and all(.[]; hash)) and
    (.from.frontier | length) == (.from.size | ones); "its log is not right") |
  need(.log.origin | type == "string" and length < 256 and test("\\A[^\\s\\p{Cc}+]+\\z"); "its origin is not right") |
  need(.shards | keys == [range(16) | "0\("0123456789abcdef"[.:. + 1])"] and all(.[];
    keys - ["policyFrom", "policyTo"] == ["from", "head", "to"] and (.from | natural) and (.to | natural) and
    .from <= .to and (.head | hex64) and (.to == 0) == (.head | test("\\A0+\\z")) and
    version("policyFrom") and version("policyTo") and (.from > 0 or .policyFrom == null) and
    (.to > 0 or .policyTo == null) and (.to > .from or .policyFrom == .policyTo) and
    (.policyFrom == null or .policyTo != null)); "its shards are not right") |
  need((.counts | keys) == ["carried", "exceptions", "records", "requests", "types"] and
    all(.counts | .carried, .exceptions, .records, .requests, .types[]; natural) and
    all(.counts.types | to_entries[]; .value > 0 and (.key | test("\\A[a-z][a-z0-9-]{0,63}\\z"))); "its counts are not right") |
  ([.shards[].from] | add) as $from | ([.shards[].to] | add) as $to |
  need($from == .log.from.size and $to == .log.to.size and (.number > 1 or $from == 0) and
    .counts.records == $to - $from and .counts.records == ([.counts.types[]] | add // 0);
    "it does not agree with itself on how long the log is") | $statement;

# c2sp.org/signed-note: the text, an empty line, then lines "— name base64": the first 4 bytes of the SHA-256 of a key,
# and its signature. c2sp.org/tlog-checkpoint: the text is three lines, the name of the log, its size, its root.
def note($name; $text; $log; $at): "\($log.origin)\n\($at.size)\n\($at.root)\n\n" as $head | $text |
  need(startswith($head); "\($name) does not have the name, size and root of the manifest") |
  ([$text[($head | length):] | split("\n")[]]) as $signatures |
  need(length <= 262144 and $signatures[-1] == "" and ($signatures | length > 1 and length < 34) and
    all(explode[]; . > 31 or . == 10) and all($signatures[:-1][];
      test("\\A— [^\\s\\p{Cc}+]{1,255} [A-Za-z0-9+/=]+\\z") and (split(" ")[2] | base64 and (bytes | length > 4)));
    "\($name) is not a signed note") |
  $signatures[:-1][] | split(" ") | select(.[1] == $log.origin) | .[2] | bytes |
  "note-\($name) \(.[:4] | hex) \(.[4:] | octal)";
# c2sp.org/tlog-witness: "old SIZE", the hashes of the consistency proof, an empty line, the checkpoint
def growth($text; $after; $from): $text | ltrimstr("old \($from.size)\n") | rtrimstr($after) | split("\n") |
  need($text | endswith($after); "checkpoint.add is not about this checkpoint") |
  need(.[-2:] == ["", ""] and length < 66 and all(.[:-2][]; hash); "checkpoint.add is no proof from the size before") |
  "proof \(.[:-2] | map(bytes | octal) | join(" "))";

def known: test("\\A(README\\.txt|verify\\.(sh|py)|checkpoint(\\.(prev|add))?|" +
  "(records|carried)\\.jsonl|(requests|exceptions|further|metrics)\\.csv|keys/[A-Za-z0-9_-]{43}\\.pem|cards/[0-9a-f]{64}\\.json|" +
  "policy/[0-9a-f]{64}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){1,4})\\z");
def sorted_json: to_entries | sort_by(.key) | from_entries | tojson;
def kinds: ([$types | splits("\\s+")] | map({(.): true}) | add) as $known |
  reduce inputs as $line ({ records: 0, carried: 0, types: {} }; (input_filename | rtrimstr(".jsonl")) as $file |
    .[$file] += 1 | "line \(.[$file]) of \($file).jsonl" as $where |
    ([$line | if $file == "carried" then .leaf | fromjson else . end | .type, .v]) as [$type, $v] |
    need(($type | type == "string" and test("\\A[a-z][a-z0-9-]{0,63}\\z")) and ($v | natural and . > 0);
      "\($where) is no event") |
    if $file == "records" then .types[$type] += 1 else . end |
    if .newer or $v == 1 and $known[$type] then . else .newer = "\($where) has type \($type) and version \($v)" end) |
  "kinds \(.records) \(.carried) \(.types | sorted_json)", (.newer // empty | "newer \(.)");

def facts($files): $files["manifest.sigstore.json"] as $manifest |
  (try envelope($manifest) catch null) as $envelope | (try ($envelope.payload | @base64d) catch "") as $text |
  (try (statement($text) | if .later then . else predicate end) catch null) as $statement | $statement.predicate as $day |
  "started", "log \($log | key)",
  ($files | to_entries[] | select(.key | test("\\Akeys/[A-Za-z0-9_-]{43}\\.pem\\z")) | "key \(.key[5:-4]) \(.value | key)"),
  step("envelope"; envelope($manifest) | .signatures[] | "signature \(.keyid) \(.keyid | bytes | hex) \(.sig | bytes | octal)"),
  "pae DSSEv1 28 application/vnd.in-toto+json \($text | utf8bytelength) \($text).",
  step("statement"; statement($text) | if .later then "later \(.later)" else predicate.subject[] |
    "member \(.digest.sha256) \(.name)", (.name | select(known | not) | "unknown \(.)") end),
  if $day == null then empty else
    ([".", "./manifest.sigstore.json", ($statement.subject[].name | split("/") |
      range(length) as $n | "./" + (.[:$n + 1] | join("/")))] | unique[] | "path \(.)"),
    step("keys"; need(([$statement.subject[].name | select(known and startswith("keys/"))] | sort) ==
      ([$envelope.signatures[] | "keys/\(.keyid).pem"] | sort); "keys/ has other keys than those that signed")),
    "day \($day | [.date, .number, .counts.records, .counts.carried] | map(tostring) | join(" "))",
    "types \($day.counts.types | sorted_json)",
    ($day.log | "origin \(.origin)", (.from, .to | "at \(.size) \(.root) \(.root | bytes | hex) \(.root | bytes | octal)")),
    ("checkpoint.prev", "checkpoint", "checkpoint.add" | select($files[.] | contains("\ufffd")) | "replaced \(.)"),
    step("prev"; note("checkpoint.prev"; $files["checkpoint.prev"]; $day.log; $day.log.from)),
    step("checkpoint"; note("checkpoint"; $files.checkpoint; $day.log; $day.log.to)),
    step("growth"; growth($files["checkpoint.add"]; $files.checkpoint; $day.log.from))
  end, step("kinds"; kinds);
facts($ARGS.named)
' $lines >"$tmp/facts" 2>"$tmp/out"

nl='
' log='' keys='' signatures='' problems=$nl pae='' later='' unknown='' later_kind='' replaced='' origin='' from='' to='' proof='' kinds=''
exec 3>"$tmp/sums" 4>"$tmp/names" 5>"$tmp/paths" 6>"$tmp/note-checkpoint.prev" 7>"$tmp/note-checkpoint"
while IFS=' ' read -r name value; do
  case $name in
    log) log=$value ;;
    key) keys=$keys$value$nl ;;
    signature) signatures=$signatures$value$nl ;;
    pae) pae=${value%.} ;; # the dot keeps blanks at the end, which would be cut off
    bad-*) problems=$problems${name#bad-}' '$value$nl ;;
    later) later=$value ;;
    member) printf '%s\n' "${value%% *} *${value#* }" >&3; printf '%s\n' "${value#* }" >&4 ;;
    path) printf '%s\n' "$value" >&5 ;;
    unknown) unknown=${unknown:-$value} ;;
    newer) later_kind=$value ;;
    day) day=$value ;;
    types) types=$value ;;
    origin) origin=$value ;;
    at) [ -n "$from" ] && to=$value || from=$value ;;
    note-checkpoint.prev) printf '%s\n' "$value" >&6 ;;
    note-checkpoint) printf '%s\n' "$value" >&7 ;;
    replaced) replaced="$replaced $value" ;;
    proof) proof=$value ;;
    kinds) kinds=$value ;;
  esac
done <"$tmp/facts"
exec 3>&- 4>&- 5>&- 6>&- 7>&-
set -f # from here on, a text that is split into words is no pattern of file names
step() { case $problems in *"$nl$1 "*) problem=${problems#*"$nl$1 "}; fail "$2${problem%%"$nl"*}." ;; esac; } # NAME WHAT

# 1. The manifest is signed. DSSE signs "DSSEv1", then length and text of the type of the payload and of the payload.
[ -s "$tmp/facts" ] || give_up "jq cannot do what this script needs; it has to be 1.6 or newer: $(cat "$tmp/out")"
[ -n "$log" ] || give_up 'LOG.pem is not one public key of P-256, not compressed, in PEM.'
write_key() { # NAME LINE LINE OCTAL JWK: as openssl reads it, and what its two names are digests of
  printf '%s\n' '-----BEGIN PUBLIC KEY-----' "$2" "$3" '-----END PUBLIC KEY-----' >"$tmp/$1.pem"
  printf "$4" >"$tmp/$1.der"; printf %s "$5" >"$tmp/$1.jwk"; written="$written $1.der $1.jwk"
}
written=''
write_key log $log
while read -r kid rest; do [ -z "$kid" ] || write_key "key-$kid" $rest; done <<END
$keys
END
digests=$nl$(cd "$tmp" && openssl dgst -sha256 -r $written)$nl
digest_of() { # NAME: sets digest; empty if there is no such file
  case $digests in *" *$1$nl"*) digest=${digests%%" *$1$nl"*}; digest=${digest##*"$nl"} ;; *) digest='' ;; esac
}
no_key() { openssl pkey -pubin -in "$tmp/log.pem" -noout >"$tmp/out" 2>&1 || give_up 'LOG.pem is no point of P-256.'; }
case $problems in *"${nl}envelope "*) no_key; step envelope "$manifest is missing or malformed: " ;; esac
printf %s "$pae" >"$tmp/pae"
digest_of log.jwk
thumbprint=$digest older='' signers='' mine=''
while read -r kid name sig; do
  [ -n "$kid" ] || continue
  older=${older:-$kid} signers="$signers $kid"
  [ "$name" != "$thumbprint" ] || mine=$sig
done <<END
$signatures
END
[ -n "$mine" ] || { no_key; fail 'The manifest is not signed with LOG.pem.'; }
signed "$tmp/log.pem" "$tmp/pae" "$mine" || { no_key; fail 'The signature of the manifest is wrong.'; }
echo 'ok   the manifest is signed with LOG.pem'

# 2. It lists every member of a bundle, each once, by plain names. The folder holds these members, unchanged, and nothing
#    else: no link, no pipe, no hidden file, no other folder. A later form of it may list them in another way.
[ -z "$later" ] || newer "the manifest is of type $later"
step statement 'The manifest is not that of an evidence bundle: '
find . | sort >"$tmp/found"
cmp -s "$tmp/paths" "$tmp/found" || fail "missing, or not listed in the manifest: $(awk '
  NR == FNR { listed[$0] = 1; next } !($0 in listed) { print; found = 1; exit } { delete listed[$0] }
  END { if (!found) for (path in listed) { print path; exit } }' "$tmp/paths" "$tmp/found")"
while read -r name; do is_file "$name" || fail "$name is a link, or no plain file."; done <"$tmp/names"
xargs openssl dgst -sha256 -r <"$tmp/names" >"$tmp/found" 2>"$tmp/out"
cmp -s "$tmp/sums" "$tmp/found" || fail "not what the manifest says: $(awk '
  NR == FNR { found[$0] = 1; next } !($0 in found) { print substr($0, 67); exit }' "$tmp/found" "$tmp/sums")"
echo 'ok   all members are there, none changed, none added'

# 3. The keys in the bundle are those that signed the manifest. Both checkpoints say what the manifest says, and are
#    signed. On the day of a key rotation two keys sign; the older comes first, and alone has to sign the day before.
step keys ''
while read -r kid name sig; do
  [ -n "$kid" ] || continue
  digest_of "key-$kid.jwk"
  [ "$digest" = "$name" ] || fail "keys/$kid.pem is not the key that it is named by."
  [ "$name" = "$thumbprint" ] || signed "$tmp/key-$kid.pem" "$tmp/pae" "$sig" ||
    fail 'A signature of the manifest is wrong.'
done <<END
$signatures
END
read -r from from_root from_hex from_octal <<END
$from
END
read -r to to_root to_hex to_octal <<END
$to
END
check_note() { # FILE SIZE ROOT KID...: each of these keys signed, and no key of the day is said to have signed in vain
  file=$1 held=' '
  printf '%s\n' "$origin" "$2" "$3" >"$tmp/text"
  shift 3
  while read -r id sig; do
    claimed=''
    for kid in $signers; do
      digest_of "key-$kid.der"
      case $digest in "$id"*) ;; *) continue ;; esac
      claimed=$kid
      signed "$tmp/key-$kid.pem" "$tmp/text" "$sig" && held="$held$kid " && claimed='' && break
    done
    [ -z "$claimed" ] || fail "The signature of $file is wrong."
  done <"$tmp/note-$file"
  for kid; do case $held in *" $kid "*) ;; *) fail "$file is not signed with the key $kid." ;; esac; done
}
for name in $replaced; do # jq reads what is not UTF-8 as U+FFFD, which may stand there as well
  jq -jn --rawfile it "$name" '$it' | cmp -s - "$name" || fail "$name is not UTF-8."
done
step prev ''
check_note checkpoint.prev "$from" "$from_root" "$older"
step checkpoint ''
check_note checkpoint "$to" "$to_root" $signers
echo 'ok   both checkpoints are signed and say what the manifest says'

# 4. The log still holds all that it held before the day: the consistency proof (RFC 9162, 2.1.4.2).
step growth ''
octal_of() { # HEX: sets octal, for printf
  octal='' hex=$1
  while [ -n "$hex" ]; do
    byte=$((0x${hex%"${hex#??}"})) hex=${hex#??}
    octal="$octal\\$((byte / 64))$((byte / 8 % 8))$((byte % 8))"
  done
}
consistent() { # HASH...
  if [ "$from" -eq "$to" ]; then [ $# -eq 0 ] && [ "$from_hex" = "$to_hex" ]; return; fi
  if [ "$from" -eq 0 ]; then [ $# -eq 0 ]; return; fi
  if [ $((from & (from - 1))) -eq 0 ]; then set -- "$from_octal" "$@"; fi # a power of two: its root is the first hash
  [ $# -gt 0 ] || return 1
  fn=$((from - 1)) sn=$((to - 1)) old=$1 new=$1 old_hex=$from_hex new_hex=''
  while [ $((fn & 1)) -eq 1 ]; do fn=$((fn >> 1)) sn=$((sn >> 1)); done
  shift
  for hash; do
    [ "$sn" -gt 0 ] || return 1
    if [ $((fn & 1)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
      printf "\\1$hash$old" >"$tmp/old"; printf "\\1$hash$new" >"$tmp/new"
      both=$(openssl dgst -sha256 -r "$tmp/old" "$tmp/new")
      old_hex=${both%% *} new_hex=${both#*"$nl"} new_hex=${new_hex%% *}
      octal_of "$old_hex"; old=$octal
      while [ "$fn" -gt 0 ] && [ $((fn & 1)) -eq 0 ]; do fn=$((fn >> 1)) sn=$((sn >> 1)); done
    else
      printf "\\1$new$hash" >"$tmp/new"
      new_hex=$(openssl dgst -sha256 -r "$tmp/new") new_hex=${new_hex%% *}
    fi
    octal_of "$new_hex"; new=$octal
    fn=$((fn >> 1)) sn=$((sn >> 1))
  done
  [ "$sn" -eq 0 ] && [ "$old" = "$from_octal" ] && [ "$new" = "$to_octal" ]
}
empty=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 # SHA-256 of nothing, the root of an empty log
[ "$from" -gt 0 ] || [ "$from_hex" = $empty ] || fail 'The log before the day is said to be empty, with another root.'
consistent $proof || fail 'The consistency proof does not lead from the root before to the root after the day.'
echo 'ok   the log before the day is part of the log after it, unchanged'

# 5. There are as many records, of each type, as the log grew by and as the manifest counts. None is of a later form:
#    that would not be broken, but this script does not know what to check in it.
step kinds ''
read -r date number records carried <<END
$day
END
wc -l records.jsonl carried.jsonl >"$tmp/out"
{ read -r record_lines rest && read -r carried_lines rest; } <"$tmp/out"
[ "$record_lines $carried_lines" = "$records $carried" ] && [ "$kinds" = "$records $carried $types" ] ||
  fail 'The number of records, or of those of a type, is not right.'
[ -z "$unknown" ] || newer "the manifest lists $unknown"
[ -z "$later_kind" ] || newer "$later_kind"
verdict=VERIFIED code=0
case $types in *'"tampered":'*) verdict='HOLDS, WITH A RECORDED TAMPERING' code=3 ;; esac
echo "$unlooked"
printf '%s\n' "$verdict $date, bundle $number of $origin: $records records, log size $from to $to"
exit "$code"

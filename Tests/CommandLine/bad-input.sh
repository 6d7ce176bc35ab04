#!/usr/bin/env bash
# Bad input at the command line: one clear line, the right exit status, no trace.
#   Tests/CommandLine/bad-input.sh PATH-TO-media-bridge
set -uo pipefail
program=${1:?usage: bad-input.sh PATH-TO-media-bridge}
work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${server:-}" ] || kill "$server" 2>/dev/null' EXIT
passed=0
failed=0

# expect STATUS PATTERN NAME COMMAND...: stderr and stdout together hold PATTERN, in few lines and without a trace.
expect() {
    local status=$1 pattern=$2 name=$3
    shift 3
    local output code
    output=$(timeout 20 "$@" 2>&1)
    code=$?
    if [ "$code" -eq "$status" ] && grep -qE -- "$pattern" <<<"$output" && [ "$(wc -l <<<"$output")" -le 6 ] &&
        ! grep -qE 'Fatal error|Stack dump|Thread [0-9]+ crashed' <<<"$output"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name: status $code, expected $status; expected a line with: $pattern" >&2
        sed 's/^/    /' <<<"$output" | head -n 12 >&2
    fi
}

tenant='tenants:
  - id: t
    numbers: ["+15005550001"]
    accountSid: AC00000000000000000000000000000001
    authToken: ${TEST_TOKEN}
    inbound: { instructions: "Be brief.", greeting: "Hello." }
    fallback: { text: "Sorry." }
'
export TEST_TOKEN=secret
config() { # FILE TEXT
    printf '%s\n%s' "$2" "$tenant" >"$work/$1"
}

config good.yaml "store: { path: $work/good.sqlite }"
expect 0 'ok' 'a good configuration' "$program" config check --config "$work/good.yaml"
config unknown.yaml "stroe: { path: $work/x.sqlite }"
expect 2 'unknown.yaml:1:.*stroe' 'an unknown key names file, line and field' "$program" config check --config "$work/unknown.yaml"
expect 0 '"field" : "stroe"' 'a configuration checked for a script' \
    bash -c '"$0" config check --json --config "$1" | grep field' "$program" "$work/unknown.yaml"
expect 64 '--at: noon' 'a moment that is none' "$program" tenants --at noon
expect 64 '--extra-seconds: -1' 'calls that hang up before they begin' \
    "$program" load --url ws://127.0.0.1:9/stream --extra-rate 5 --extra-seconds=-1
expect 1 'no tenant.s number' 'a number of nobody' "$program" tenants --config "$work/good.yaml" --number +15005559999
config hours.yaml "store: { path: $work/h.sqlite }"
echo "    hours: { open: [{ days: [funday], from: '9', to: '17:00' }], outside: { message: Closed. } }" >>"$work/hours.yaml"
expect 2 'hours.yaml:.*funday' 'a day of no week' "$program" config check --config "$work/hours.yaml"
config port.yaml 'public: { port: 70000 }'
expect 2 'port.yaml:1:.*port.*70000' 'a port out of range names the value' "$program" serve --config "$work/port.yaml"
expect 2 'TEST_TOKEN' 'a missing secret names its variable' env -u TEST_TOKEN "$program" config check --config "$work/good.yaml"
expect 2 'no such file' 'a missing configuration' "$program" serve --config "$work/none.yaml"
config door.yaml "stages: { detectors: [{ name: x, program: [vad], url: 'ws://h' }] }"
expect 2 'door.yaml:1:.*2 doors; one of engine' 'a stage with two doors' "$program" config check --config "$work/door.yaml"
config inline.yaml "stages: { detectors: [{ name: x, library: $work/good.yaml, inline: true }] }"
expect 2 'inline.yaml:1:.*record.*check-stage' 'a library inline without a record' "$program" config check --config "$work/inline.yaml"
config vad.yaml "store: { path: $work/v.sqlite }"
echo '    vad: psychic' >>"$work/vad.yaml"
expect 1 'tenant t: vad: .psychic. is no detector; one of energy' 'a detector that nobody has' "$program" serve --config "$work/vad.yaml"
config words.yaml "store: { path: $work/w.sqlite }"
echo '    recognizer: parrot' >>"$work/words.yaml"
expect 1 'tenant t: recognizer: .parrot. is no recogniser; one of pocketsphinx' 'a recogniser that nobody has' "$program" serve --config "$work/words.yaml"
config deaf.yaml "store: { path: $work/w.sqlite }"
echo '    mode: transcribe' >>"$work/deaf.yaml"
expect 2 'deaf.yaml:.*recognizer.*somebody has to listen' 'a call that nobody listens to' "$program" config check --config "$work/deaf.yaml"
config key.yaml "stages: { recognizers: [{ name: x, engine: deepgram, apiKey: hunter2 }] }"
expect 2 'key.yaml:1:.*apiKey.*a secret is not written here' 'a key in the file' "$program" config check --config "$work/key.yaml"
expect 1 'cannot be loaded' 'a library that is none' "$program" stage-host "$work/good.yaml"
expect 64 'NAME=VALUE was expected' 'an option without a value' "$program" stage-host --option loud x.so
expect 0 'energy' 'stages are listed' bash -c '"$0" stages --json | grep -m 1 energy' "$program"
expect 2 'no detector; one of energy' 'a check of nobody' "$program" check-stage nobody
expect 2 'are checked apart' 'two roles in one check' "$program" check-stage energy pocketsphinx
expect 2 'of a detector.s library' 'a record of a recogniser' "$program" check-stage pocketsphinx --record "$work/r.json"

# The drivers of bridges need a core for each side.
if [ "$(nproc)" -gt 1 ]; then
    benchmarks=$(cd "$(dirname "$0")/../../Benchmarks" && pwd)
    expect 1 'compare: no program at /nowhere' 'a comparison of nothing' "$benchmarks/compare" --binary /nowhere
    expect 1 'limits: no program at /nowhere' 'the limits of nothing' "$benchmarks/limits" cost --binary /nowhere
    expect 1 'memory: no program at /nowhere' 'the memory of nothing' "$benchmarks/memory" --binary /nowhere
fi
expect 64 'recordings, journals or folders' 'an evaluation of nothing' "$program" evaluate --vad energy
expect 1 'no such file or folder: /nowhere' 'calls that are not there' "$program" evaluate --vad energy --calls /nowhere
expect 1 'nothing to hear' 'a folder without calls' "$program" evaluate --vad energy --calls "$work"
expect 1 'is no recording; one of wav' 'a text as a recording' "$program" evaluate --vad energy --calls "$work/good.yaml"
expect 1 'no detector; one of energy' 'an evaluation by nobody' "$program" evaluate --vad energy,nobody --calls "$work"
head -c 3000 /dev/urandom >"$work/noise.ogg"
expect 1 'no Ogg Opus file' 'bytes as Ogg' "$program" evaluate --vad energy --calls "$work/noise.ogg"
mkdir -p "$work/calls/monday"
cp "$work/noise.ogg" "$work/calls/"
cp /usr/share/asterisk/sounds/en_US_f_Allison/hello-world.wav "$work/calls/monday/"
expect 0 '1 of 2 files could not be heard' 'one bad file among calls' "$program" evaluate --vad energy --calls "$work/calls"

expect 2 'is no library' 'a record of what needs none' "$program" check-stage energy --record "$work/r.json"
expect 2 'no recorded words: /nowhere cannot be read' 'no words to check with' "$program" check-stage energy --speech /nowhere
expect 64 'no folder to write into' 'a page into nowhere' "$program" check-stage energy --html /nowhere/page.html
expect 2 'cannot be loaded: it is no shared object' 'a library that is none' "$program" check-stage "$work/good.yaml" --record "$work/r.json"
expect 2 'x.so cannot be read' 'a library that is not there' "$program" check-stage "$work/x.so"
cp "$(command -v cc)" "$work/other.so"
expect 2 'cannot be loaded: ' 'a program as a library' "$program" check-stage "$work/other.so" --record "$work/r.json"
config absent.yaml "stages: { detectors: [{ name: x, program: [no-such-program] }] }"
expect 2 'x: .no-such-program. is no program' 'a program that is not there' "$program" check-stage x --config "$work/absent.yaml"
expect 2 'unknown.yaml:1:.*stroe' 'a check with a wrong configuration' "$program" check-stage x --config "$work/unknown.yaml"

# What a plug-in does wrong is a finding: status 1, in the table, in --json and on the page.
library() { # NAME TEXT
    printf '#include "media_bridge_stage.h"\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n%s\n' "$2" >"$work/$1.c"
    clang -shared -fPIC -w -I "$(dirname "$0")/../../Sources/CLibraries/CMediaBridgeStage" -o "$work/$1.so" "$work/$1.c"
}
found() { # PATTERN NAME COMMAND...: status 1, and the finding stands in the JSON and on the page
    local pattern=$1 name=$2
    shift 2
    rm -f "$work/page.html"
    local code=0
    timeout 60 "$@" --json --html "$work/page.html" >"$work/found.json" 2>"$work/found.log" || code=$?
    if [ "$code" -eq 1 ] && python3 -m json.tool "$work/found.json" >/dev/null && grep -qE -- "$pattern" "$work/found.json" &&
        grep -qE -- "$pattern" "$work/page.html"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name: status $code, expected 1; expected in the JSON and on the page: $pattern" >&2
        cat "$work/found.json" "$work/found.log" 2>&1 | tail -n 12 | cut -c 1-300 >&2
    fi
}
describe='const media_bridge_stage *media_bridge_stage_describe(uint32_t v)'
if library leave "$describe { puts(\"goodbye\"); fflush(stdout); exit(0); }" && library crash "$describe { return *(const media_bridge_stage **)1; }"; then
    found 'ended its process .status 0, while it was loaded' 'a library that leaves' "$program" check-stage "$work/leave.so" --record "$work/r.json"
    echo '{"version":2,"name":"x","sha256":"","passed":true,"checkedAt":""}' >"$work/r.json"
    found 'crashed its process .signal 11' 'a library that crashes, checked once before' "$program" check-stage "$work/crash.so" --record "$work/r.json"
    expect 0 '"passed" : false' 'the record of a crash' grep passed "$work/r.json"
    # In a process of its own, as the service starts it.
    found 'it has ended|no first line' 'a library that leaves its own process' "$program" check-stage "$work/leave.so"
fi
config dies.yaml "stages: { detectors: [{ name: x, program: [sh, -c, 'echo nobody is here >&2; exit 3'] }] }"
found 'starts|its last words: nobody is here' 'a program that dies at its start' "$program" check-stage x --config "$work/dies.yaml"
config words2.yaml "stages: { recognizers: [{ name: x, program: [sh, -c, 'echo nobody is here >&2; exit 3'] }] }"
found 'nobody is here' 'a recogniser that dies at its start' "$program" check-stage x --config "$work/words2.yaml"

expect 64 'no fault is called .nonsense.' 'a fault that nobody knows' "$program" simulate --faults nonsense
expect 64 "'psychic' is invalid" 'a profile nobody has' "$program" bench --profile psychic
expect 64 "'neural' is invalid .*one of energy-echo, energy.*webrtc-3" 'a detector that is not built in' "$program" bench --vad neural
expect 64 '--vad: neural, expected energy-echo, energy.*telephone' 'ears that nobody has' "$program" replay call.journal --vad neural
expect 64 '.-config belongs to --vad' 'a configuration for nothing' "$program" replay call.journal --config "$work/good.yaml"
expect 64 '--calls: 0, 1 ... 10000' 'a bench of no calls' "$program" bench --calls 0
expect 64 'goes without --calls' 'a capacity to be found that is given' "$program" bench --find-capacity --calls 9
expect 64 '--html: no folder to write into' 'a page nowhere' "$program" bench --html /nowhere/page.html
config capacity.yaml "limits: { capacityFile: $work/capacity.json }"
expect 2 'capacity.yaml:1:.*limits.capacityFile: no such file' 'a capacity that is not there' \
    "$program" serve --config "$work/capacity.yaml"
echo '{ "format": 1, "calls": "many" }' >"$work/capacity.json"
expect 2 'limits.capacityFile: .*capacity.json: calls: expected a whole number' 'a capacity that is none' \
    "$program" config check --config "$work/capacity.yaml"
rm "$work/capacity.json"
expect 64 "'wav' is invalid" 'a format no call is exported in' "$program" export CA1 --format wav
expect 64 'only a page' 'sound in subtitles' "$program" export CA1 --format vtt --audio
expect 64 'expected one of waiting, delivered, dead' 'a state no event is in' "$program" events --state lost
expect 64 'goes without --state' 'two wishes at once' "$program" events --state dead --retry 1
expect 1 'no such file' 'events of a store that is not there' "$program" events --retry 1 --store "$work/none.sqlite"
stopped=$(timeout -s KILL 20 timeout -s INT 4 "$program" simulate --calls 100000000 2>"$work/progress")
if grep -q '^broken  *0' <<<"$stopped"; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    echo 'FAILED: Ctrl-C ends a simulation at once, with the summary so far' >&2
fi

config certificate.yaml "store: { path: $work/c.sqlite }
public: { port: 0, publicURL: \"https://b.example\", tls: { certificate: $work/none.pem, key: $work/none.key } }"
expect 2 'certificate.yaml:2:.*none.pem' 'a missing certificate' "$program" serve --config "$work/certificate.yaml"
config store.yaml 'store: { path: /nonexistent/media-bridge.sqlite }
public: { port: 0 }
admin: { port: 0 }'
expect 1 '/nonexistent' 'a database that cannot be written' "$program" serve --config "$work/store.yaml"
python3 -c '
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(60)' >"$work/port" &
server=$!
for _ in $(seq 100); do [ -s "$work/port" ] && break; sleep 0.05; done
config inuse.yaml "store: { path: $work/p.sqlite }
public: { port: $(cat "$work/port") }
admin: { port: 0 }"
expect 1 'in use' 'a port in use' "$program" serve --config "$work/inuse.yaml"

expect 1 'missing.wav' 'a WAV that is not there' "$program" call --url http://127.0.0.1:1/twilio/voice --wav "$work/missing.wav"
echo 'not audio' >"$work/text.wav"
expect 1 'text.wav' 'a file that is no WAV' "$program" call --url http://127.0.0.1:1/twilio/voice --wav "$work/text.wav"
expect 64 '--at: -1' 'a moment before the call' "$program" call --url ws://127.0.0.1:1/ --at=-1
expect 64 '--calls: 0' 'an option out of range' "$program" call --url ws://127.0.0.1:1/ --calls 0
expect 1 '' 'nobody answers the webhook' "$program" call --url http://127.0.0.1:1/twilio/voice --seconds 2
expect 1 'no such file' 'a store that is not there' "$program" calls --store "$work/none.sqlite"
expect 64 '--state: lost, expected one of queued, leased, done, dead' 'a state of no job' "$program" jobs --state lost
expect 1 'no such file' 'jobs of a store that is not there' "$program" jobs --retry 1 --store "$work/none.sqlite"
expect 1 'no such file' 'a store to check that is not there' "$program" db check --path "$work/none.sqlite"
echo 'not a database, and long enough to be read as one' >"$work/text.sqlite"
expect 1 'not an SQLite database' 'a file to check that is no database' "$program" db check --path "$work/text.sqlite"
expect 64 'one of them' 'an erasure of nobody' "$program" erase
expect 64 'at least 7 digits' 'an erasure of what is no number' "$program" erase --number 12
expect 64 'give --yes' 'an erasure that would ask a script' "$program" erase --call CA1 --json
expect 64 'one of them' 'two stores to check' "$program" db check --path a --config b
expect 0 'direction: 9 of 24576 bytes' 'a prompt with its layers' bash -c '"$1" prompt show --config "$2" | grep "== direction"' _ "$program" "$work/good.yaml"
expect 1 'nothing is written for outbound' 'a direction nobody wrote for' "$program" prompt show --config "$work/good.yaml" --direction outbound
expect 1 'no tenant .nobody.; there are t' 'a prompt of no tenant' "$program" prompt show --config "$work/good.yaml" --tenant nobody
expect 1 'outside business hours' 'a prompt of hours that there are none of' "$program" prompt show --config "$work/good.yaml" --closed
expect 64 'direction.*inbound' 'a direction that is none' "$program" prompt show --config "$work/good.yaml" --direction sideways
expect 64 'one of them' 'two prompts to show' "$program" prompt show --hash a --call b
sed 's/Be brief/Be loud/' "$work/good.yaml" >"$work/loud.yaml"
expect 1 '^\+ Be loud' 'two files that differ' bash -c '"$1" prompt diff "$2" "$3" >"$3.diff"; code=$?; grep "^[-+] " "$3.diff"; exit $code' _ "$program" "$work/good.yaml" "$work/loud.yaml"
expect 0 'the same' 'two files that do not' "$program" prompt diff "$work/good.yaml" "$work/good.yaml"
expect 2 'no such file' 'a prompt of a store that is not there' "$program" prompt diff call:CA1 "$work/good.yaml" --store "$work/none.sqlite"
config long.yaml "store: { path: $work/x.sqlite }"
sed -i "s/Be brief/$(printf 'x%.0s' $(seq 30000))/" "$work/long.yaml"
expect 2 'inbound.instructions: the prompt.s direction part has 30001 bytes; at most 24576' 'a prompt that is too long' "$program" config check --config "$work/long.yaml"
expect 1 'none.wav|hello-world.wav' 'recorded speech that is not there' "$program" demo --directory "$work/demo" --sounds "$work"

# Calls that the service is to make.
expect 64 'expected a number in E.164' 'a number to dial that is none' "$program" dial --tenant t --to 0551234 --admin http://127.0.0.1:1
expect 64 'expected one of off' 'a detection that is none' "$program" dial --tenant t --to +15005550006 --machine-detection x --admin http://127.0.0.1:1
expect 1 'no service answers at http://127.0.0.1:1' 'dialling without a service' "$program" dial --tenant t --to +15005550006 --admin http://127.0.0.1:1
expect 64 '--interval: 0, expected 1' 'looks without a pause' "$program" top --interval 0
expect 1 'no service answers at http://127.0.0.1:1' 'the budget of no service' "$program" top --once --admin http://127.0.0.1:1
expect 1 'has no MEDIA_BRIDGE_NONE' 'a token that is not there' "$program" dial --tenant t --to +15005550006 --token-variable MEDIA_BRIDGE_NONE
expect 64 'no call' 'a call to hang up that is none' "$program" hangup CA/1 --admin http://127.0.0.1:1

# Edits of a running service: taken when they are right, refused with their line when they are not, read on SIGHUP.
mkdir "$work/tenants.d"
printf '%s\n' "store: { path: $work/r.sqlite }" 'public: { port: 0 }' 'admin: { port: 0 }' 'tenantsDirectory: tenants.d' >"$work/live.yaml"
sed 's/^  - /    /; s/^    //; 1d' <<<"$tenant" >"$work/tenants.d/t.yaml"
"$program" serve --config "$work/live.yaml" >"$work/live.log" 2>&1 &
live=$!
logged() { # PATTERN NAME
    local _
    for _ in $(seq 200); do
        if grep -qE -- "$1" "$work/live.log"; then
            passed=$((passed + 1))
            return
        fi
        sleep 0.05
    done
    failed=$((failed + 1))
    echo "FAILED: $2: no line with: $1" >&2
    sed 's/^/    /' "$work/live.log" >&2
}
logged 'info serving .*tenants=1' 'a service with a folder of tenants'
sed -i 's/Be brief/Be loud/' "$work/tenants.d/t.yaml"
logged 'info configuration taken changed=t revision=2' 'an edited tenant is taken'
sed -i 's/^id: t/idd: t/' "$work/tenants.d/t.yaml"
logged 'error configuration not taken error=.*t.yaml:1:1: ' 'a wrong edit is refused with file and line'
sed -i 's/^idd: t/id: t/' "$work/tenants.d/t.yaml"
logged 'info configuration taken changed="" revision=3' 'and taken when it is mended'
kill -HUP "$live"
logged 'info configuration taken changed="" revision=4' 'SIGHUP has the configuration read again'
kill -TERM "$live"
wait "$live"

echo "command line: $passed passed, $failed failed"
[ "$failed" -eq 0 ]

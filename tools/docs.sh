#!/bin/sh
# Builds the reference into build/docs/html and says how many warnings there are. With --strict any warning is an error.
set -eu
cd "$(dirname "$0")/.."

command -v doxygen >/dev/null || {
    echo "tools/docs.sh needs doxygen: apt-get install doxygen" >&2
    exit 1
}
mkdir -p build/docs
doxygen docs/Doxyfile

# What a contract names is explained where the contract stands (docs/reference.md), not in every type that keeps it.
members='visit|describe|validate|input_width|output_width|width|initialise|forward|backward|step|reset|learned|gate|acting'
members="$members|Observation|Action|Target|Element|horizon|layer|event|observe|act|subgoal|context"
# What an extra observation of an ant adds to the targets (env::NoExtraObservation).
members="$members|target_width"
structs='Parameters|Tape|State|Scratch|Bank|Controller'
# Contracts of which only functions are meant, as variables of these names are something else: batches of environments,
# and what environments and their observation policies may have besides (env/environment.hpp, gridworld/observations.hpp).
functions='awaiting|returns|lengths|truncated|target'
# Defaulted comparisons, moves and assignments do member by member what they do everywhere.
defaulted='Member [^ ]+\(.*=default \((function|friend)\) of .* is not documented'
grep -vE "Member ($members)[ (].* is not documented|::($structs) is not documented|[:]detail:" build/docs/all-warnings.txt |
    grep -vE "Member ($functions)\(.* \(function\) of .* is not documented|$defaulted" >build/docs/warnings.txt || true
warnings=$(grep -c warning: build/docs/warnings.txt || true)
echo "build/docs/html/index.html; $warnings warnings, in build/docs/warnings.txt"
[ "${1-}" != --strict ] || [ "$warnings" = 0 ]

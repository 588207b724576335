#!/bin/bash
# Copies all that is in OLD to NEW, and compares the two. RESULT is the file whose text Kubernetes shows as the result.
set -euo pipefail
# One stream: a container runtime does not keep the order of lines between two, and the last line is shown as progress.
exec 2>&1

MARK=".unfinished-copy"
LOCK="${OLD}/job-manager.lock"
LOCK_SECONDS=60
LOCKED=75
SAY_EVERY=5

say() { printf '%s\n' "$*"; }

fail() {
    say "$*" | tee "${RESULT}"
    exit 1
}

# `find` in a folder, without what belongs to the file system or to the copy itself.
contents() {
    cd "$1"
    shift
    find . -mindepth 1 \( -path ./lost+found -o -path "./${MARK}" \) -prune -o "$@"
}

add_up() {
    local size total=0
    while read -r size; do
        ((total += size)) || true
    done
    say "${total}"
}

tell_count() {
    local line count=0 next=$((SECONDS + SAY_EVERY))
    while IFS= read -r line; do
        printf '%s\n' "${line}"
        ((++count))
        if ((SECONDS >= next)); then
            say "$1 ${count} of $2" >&2
            next=$((SECONDS + SAY_EVERY))
        fi
    done
}

# A node that was lost may still run a job manager that the API server no longer knows.
need_unused() {
    local lock code
    [[ -e "${LOCK}" ]] || return 0
    exec {lock}<"${LOCK}"
    flock --timeout "${LOCK_SECONDS}" --conflict-exit-code "${LOCKED}" "${lock}" && return
    code=$?
    ((code != LOCKED)) || fail "A job manager still uses claim ${FROM}, perhaps on a node that was lost."
    say "warning: the volume offers no locks (flock: ${code})"
}

# Only a copy of the same claim that was not finished may be in NEW.
need_empty() {
    if [[ -e "${NEW}/${MARK}" && "$(<"${NEW}/${MARK}")" == "${FROM}" ]]; then
        say "removing an unfinished copy"
        find "${NEW}" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name "${MARK}" -exec rm -rf -- {} +
    elif [[ -n "$(contents "${NEW}" -print -quit)" || -e "${NEW}/${MARK}" ]]; then
        fail "Claim ${TO} is not empty."
    fi
    say "${FROM}" >"${NEW}/${MARK}" || fail "User $(id -u) may not write to claim ${TO}."
}

need_space() {
    local needed free
    needed="$(du --summarize --block-size=1 "${OLD}" | cut -f 1)"
    free="$(df --block-size=1 --output=avail "${NEW}" | tail -n 1)"
    ((needed <= free)) || fail "Claim ${TO} has room for ${free// /} bytes, and the data needs ${needed}."
}

# Type, mode, owner, size and target of everything. Only root can give files away; others own what they write.
listing() {
    local owner=""
    ((EUID)) || owner="%U:%G "
    contents "$1" \( -type f -printf "f %m ${owner}%s %P\0" -o -type l -printf "l ${owner}%P %l\0" \
        -o -printf "%y %m ${owner}%P\0" \) | sort --zero-terminated | sha256sum
}

need_unused
need_empty
need_space
entries="$(contents "${OLD}" -printf . | wc --bytes)"
files="$(contents "${OLD}" -type f -printf . | wc --bytes)"
bytes="$(contents "${OLD}" -type f -printf '%s\n' | add_up)"
say "copying ${files} files, ${bytes} bytes"

find "${OLD}" -mindepth 1 -maxdepth 1 ! -name lost+found \
    -exec cp --archive --verbose --target-directory "${NEW}" -- {} + | tell_count "copied" "${entries}" >/dev/null
if ((!EUID)); then
    chown --reference "${OLD}" "${NEW}"
    chmod --reference "${OLD}" "${NEW}"
fi
sync --file-system "${NEW}"

say "comparing ${files} files"
[[ "$(listing "${OLD}")" == "$(listing "${NEW}")" ]] || fail "The copy has other files, modes or owners than claim ${FROM}."
if ((files)); then
    contents "${OLD}" -type f -print0 | (cd "${OLD}" && xargs --null sha256sum --) | tell_count "compared" "${files}" |
        (cd "${NEW}" && sha256sum --check --strict --quiet -) || fail "The copy has other contents than claim ${FROM}."
fi
rm "${NEW}/${MARK}"
say "done"
printf '{"files": %d, "bytes": %d}\n' "${files}" "${bytes}" >"${RESULT}"

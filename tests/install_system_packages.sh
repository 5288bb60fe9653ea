#!/usr/bin/env bash
# The browser journeys need Debian's chromium, the storage tests PostgreSQL's server. Installed where we may (root or
# sudo without a password); what could not be had is named, and the tests that need it say so.
set -u
missing=()
command -v chromium >/dev/null || missing+=(chromium)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
fc-list 2>/dev/null | grep -qi dejavu || missing+=(fonts-dejavu-core)
[ ${#missing[@]} -eq 0 ] && exit 0
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n); else as_root=(false); fi
fi
if command -v apt-get >/dev/null && [ "${as_root[0]:-}" != false ]; then
  echo "installing ${missing[*]} ..."
  "${as_root[@]}" apt-get update -qq >/dev/null 2>&1
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1
fi
for package in "${missing[@]}"; do
  dpkg -s "$package" >/dev/null 2>&1 || echo "could not install $package: install it by hand, or its tests are left out"
done
exit 0

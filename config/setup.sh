# Sourced by gateway/run and tests/run: installs what is missing and builds a preset, with progress on standard error.

as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "error: packages are missing and neither root nor sudo is available: $*" >&2
    return 1
  fi
}

# install_packages GROUP...: the packages of these groups of config/debian-packages.txt that are not there yet.
install_packages() {
  local wanted=() missing=() group line package
  for group in "$@"; do
    while IFS= read -r line; do
      wanted+=("$line")
    done < <(awk -v g="[$group]" '/^\[/{on=($0==g);next} on && NF && !/^#/{print $1}' config/debian-packages.txt)
  done
  for package in "${wanted[@]}"; do
    dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  ((${#missing[@]} == 0)) && return 0
  echo "installing ${#missing[@]} packages: ${missing[*]}" >&2
  as_root apt-get update -qq >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# build_handoff PRESET TARGET...: configures once, then builds; ninja shows its own progress. HANDOFF_WERROR=ON in the
# environment makes a warning an error.
build_handoff() {
  local preset=$1
  shift
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
  if [[ ! -f .build/$preset/build.ninja ]]; then
    echo "configuring $preset" >&2
    cmake --preset "$preset" -DHANDOFF_WERROR="${HANDOFF_WERROR:-OFF}" >/dev/null
  fi
  echo "building $preset: $*" >&2
  NINJA_STATUS='[%f/%t %es] ' cmake --build --preset "$preset" --target "$@" >&2
}

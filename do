#!/usr/bin/env bash
# One command each. What follows the verb is passed on.
#   ./do check    format, build (warnings are errors), the fast tests: under two minutes on two cores
#   ./do test     every test, as the README says it
#   ./do bench    throughput and allocations beside the machine's measured peak
#   ./do demo     the theory in two minutes
#   ./do format   put the sources into shape
#   ./do isa      the numeric tests again with each instruction set switched off
#   ./do arm64    the numeric tests on Arm's vectors, under QEMU
#   ./do pack     make the psm tool, install it from the package into an empty folder, run it there (default: --version)
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

check() {
  dotnet build "$@"
  dotnet format --no-restore --verify-no-changes
  dotnet test --project tests/Rooms --no-build
}

# Numerics and Model under AVX2, SSE and no vectors at all. A test compares what the runtime then offers with
# PSM_TEST_INSTRUCTIONS, so that a renamed switch fails instead of testing the same kernels four times.
isa() {
  dotnet build -c Release tests/Rooms "$@"
  local failed=0 setting
  for setting in EnableAVX512=Vector256 EnableAVX2=Vector128 EnableHWIntrinsic=Scalar; do
    echo "== DOTNET_${setting%=*}=0"
    env "DOTNET_${setting%=*}=0" "PSM_TEST_INSTRUCTIONS=${setting#*=}" dotnet test --project tests/Rooms -c Release --no-build \
      --filter-namespace PersonaSelection.Tests.Rooms.NumericsTests PersonaSelection.Tests.Rooms.ModelTests || failed=1
  done
  return $failed
}

# Numerics and Model on Arm's vectors. Under emulation memory is as strictly ordered as on x86, and no time means anything; code that is
# mapped twice, as .NET does by itself, brings QEMU down.
# Once, on Debian: dpkg --add-architecture arm64; apt-get update; apt-get install qemu-user-static libc6:arm64 libstdc++6:arm64 libssl3:arm64
arm64() {
  local room
  dotnet publish tests/Rooms -c Release -r linux-arm64 --self-contained -p:NuGetLockFilePath=obj/arm64.lock.json -o artifacts/arm64 "$@"
  for room in NumericsTests ModelTests; do
    DOTNET_EnableWriteXorExecute=0 PSM_TEST_INSTRUCTIONS=Vector128 qemu-aarch64-static artifacts/arm64/PersonaSelection.Tests.Rooms \
      -namespace "PersonaSelection.Tests.Rooms.$room" -noLogo
  done
}

# The empty folder has a package cache and a tool cache of its own: a tool of the same version in the usual ones would be taken instead.
pack() {
  local empty tool
  rm -rf artifacts/package
  dotnet pack -c Release src/Cli
  tool=$(cd artifacts/package/release && pwd)
  ls -l "$tool"
  empty=$(mktemp -d)
  trap 'rm -rf "$empty"' RETURN
  cd "$empty"
  printf '<configuration><packageSources><clear /><add key="here" value="%s" /></packageSources></configuration>\n' "$tool" > nuget.config
  export NUGET_PACKAGES="$empty/packages" DOTNET_CLI_HOME="$empty"
  dotnet new tool-manifest
  dotnet tool install psm
  if [ $# -eq 0 ]; then set -- --version; fi
  dotnet psm "$@"
}

verb=${1:-help}
shift || true
case $verb in
  check|isa|arm64|pack) $verb "$@" ;;
  test)   dotnet test "$@" ;;
  bench)  dotnet run -c Release --project bench -- "$@" ;;
  demo)   dotnet run -c Release --project src/Cli -- demo "$@" ;;
  format) dotnet format "$@" ;;
  *)      sed -n '2,10s/^# \{0,1\}//p' "$0"; [ "$verb" = help ] ;;
esac

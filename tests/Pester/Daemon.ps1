# A containerd of a test file's own, which can be killed. Dot-source this in BeforeAll.

# Starts, restarts or stops it; $Own has what daemon.sh tells of it: ADDRESS, DIR, PID …
function Invoke-Daemon([hashtable] $Own, [string[]] $Arguments) {
    # Through a file: a pipe would stay open as long as the daemon.
    $file = [IO.Path]::GetTempFileName()
    bash -c 'exec "$@" > "$0" 2> /dev/null < /dev/null' $file "$PSScriptRoot/../daemon/daemon.sh" @Arguments
    if ($LASTEXITCODE) { throw "daemon.sh $Arguments ended with $LASTEXITCODE" }
    foreach ($line in Get-Content $file) {
        $name, $value = $line -split '=', 2
        $Own[$name -replace '^CONTAINERD_TEST_'] = $value
    }
    Remove-Item $file
}

# The version of the daemon that the tests run on, as daemon.sh takes it.
function Get-DaemonVersion {
    $version = [version] $env:CONTAINERD_TEST_VERSION
    $version.Major -eq 1 ? "1.$($version.Minor)" : '2.x'
}

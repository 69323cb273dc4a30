BeforeDiscovery {
    # The command, what there is before, and whether it says nothing until it is stopped.
    $commands = @(
        @{ Script = 'New-CtrContainer c -Image busybox'; Has = 'image' }
        @{ Script = 'Start-CtrTask c'; Has = 'container' }
        @{ Script = 'Start-CtrTask c -Attach'; Has = 'container' }
        @{ Script = 'Invoke-CtrExec c sh, -c, "echo up"'; Has = 'task' }
        @{ Script = 'Invoke-CtrExec c yes -Stream'; Has = 'task' }
        @{ Script = 'Stop-CtrTask c'; Has = 'task' }
        @{ Script = 'Wait-CtrTask c'; Has = 'task'; Silent = $true }
        @{ Script = 'Get-CtrLog c -Follow'; Has = 'task' }
        @{ Script = 'Remove-CtrContainer c -Force'; Has = 'task' }
        @{ Script = 'Import-CtrImage $archive'; Has = 'nothing' }
    )
}

BeforeAll {
    Import-Module "$PSScriptRoot/../../out/Containerd"
    . "$PSScriptRoot/Stopping.ps1"
    $archive = "$env:CONTAINERD_TEST_IMAGES/busybox.tar"
    $random = [Random]::new(20261125)

    function Invoke-Ctr {
        $lines = & $env:CONTAINERD_TEST_CTR --address $env:CONTAINERD_TEST_ADDRESS --namespace $env:CONTAINERD_NAMESPACE @args
        if ($LASTEXITCODE -ne 0) { throw "ctr $args failed" }
        $lines
    }

    # What nothing may leave behind, whatever it did: things that belong to no container and no image.
    function Get-Orphan {
        $containers = @(Get-CtrContainer)
        $tasks = @(Get-CtrTask)
        $tasks | Where-Object Id -NotIn $containers.Id | ForEach-Object { "task $($_.Id) without container" }
        $tasks | Where-Object Status -NotIn Running, Stopped | ForEach-Object { "task $($_.Id) is $($_.Status)" }
        Invoke-Ctr leases ls -q | ForEach-Object { "lease $_" }
        Invoke-Ctr content active | Select-Object -Skip 1 | ForEach-Object { "ingest $_" }
        # KEY PARENT KIND: a layer that is being unpacked has a key of two words.
        $snapshots = @(Invoke-Ctr snapshots ls | Select-Object -Skip 1)
        $snapshots -match ' Active\s*$' | Where-Object { ($_ -split ' ')[0] -notin $containers.SnapshotKey } | ForEach-Object { "snapshot $_" }
        $containers | Where-Object SnapshotKey -NotIn ($snapshots -replace ' .*') | ForEach-Object { "container $($_.Id) without snapshot" }
        Get-ChildItem "$env:CONTAINERD_TEST_STATE/io.containerd.runtime.v2.task/$env:CONTAINERD_NAMESPACE" -Recurse -Filter *.pid -ErrorAction Ignore |
            Where-Object { $_.BaseName -ne 'init' -or $_.Directory.Name -notin $tasks.Id } | ForEach-Object { "process $($_.FullName)" }
        Get-ChildItem -Recurse -Force -File $env:CONTAINERD_POWERSHELL_STATE | Where-Object { -not $containers -or $_.UnixMode -like 'p*' } |
            ForEach-Object { "$($_.UnixMode) $($_.FullName)" }
    }

    function Initialize-Case([string] $Has) {
        switch ($Has) {
            'nothing' { Get-CtrImage | Remove-CtrImage }
            'container' { $null = New-Container c }
            'task' { $null = New-Container c | Start-CtrTask }
        }
    }
}

AfterAll {
    Show-Longest
    Remove-Module Containerd
}

Describe 'Ctrl+C at any moment' {
    BeforeEach {
        $null = Enter-StopNamespace
    }

    AfterEach {
        Exit-StopNamespace
    }

    It 'leaves nothing half done: <Script>' -ForEach $commands {
        # How long it takes to its end, or to its first output, tells which moments there are.
        $span = 0
        foreach ($try in 0..8) {
            Initialize-Case $Has
            $after = if ($try -eq 0) { $guard } else { [timespan]::FromMilliseconds($random.Next(0, $span)) }
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $result = Invoke-Stopped "$Script at $([int]$after.TotalMilliseconds) ms" $Script @{ archive = $archive } {
                param($output)
                while ($watch.Elapsed -lt $after -and -not ($output.Count -gt 0) -and -not ($Silent -and $watch.ElapsedMilliseconds -gt 1000)) {
                    [Threading.Thread]::Sleep(1)
                }
            }
            if ($try -eq 0) { $span = $watch.ElapsedMilliseconds }
            $result.Errors | Should -BeNullOrEmpty
            # What a loaded daemon had not answered in time is taken back after the command has ended.
            $watch.Restart()
            while (($orphans = @(Get-Orphan)) -and $watch.Elapsed -lt $guard) { [Threading.Thread]::Sleep(50) }
            $orphans | Should -BeNullOrEmpty -Because "it was stopped after $($after.TotalMilliseconds) ms"
            Get-CtrContainer | Remove-CtrContainer -Force
            if ($Has -eq 'nothing') { Get-CtrImage | Remove-CtrImage }
        }
    }
}

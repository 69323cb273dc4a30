BeforeAll {
    . "$PSScriptRoot/Containers.ps1"
    . "$PSScriptRoot/Daemon.ps1"
    Enter-TestNamespace

    # Waits for the next event of a registration, and takes it out of PowerShell's queue.
    function Receive-Raised([string] $Name) {
        $raised = Wait-Event -SourceIdentifier $Name -Timeout 60
        $raised | Should -Not -BeNullOrEmpty
        Remove-Event -EventIdentifier $raised.EventIdentifier
        $raised
    }
}

AfterAll {
    Exit-TestNamespace
}

Describe 'Register-CtrEvent' {
    AfterEach {
        Get-EventSubscriber -SourceIdentifier test* | Unregister-Event
        Get-Event -SourceIdentifier test* -ErrorAction Ignore | Remove-Event
    }

    It 'raises an event for each, from the moment it returns, in order' {
        Register-CtrEvent -Topic /test -SourceIdentifier test.all -MessageData mine | Should -BeNullOrEmpty
        1..20 | ForEach-Object { Publish-CtrEvent /test/number @{ number = $_ } }

        $raised = 1..20 | ForEach-Object { Receive-Raised test.all }

        $raised.ForEach({ $_.SourceArgs[0].Data.number }) | Should -Be (1..20)
        $raised[0].MessageData | Should -Be 'mine'
        $raised[0].SourceArgs[0] | Should -BeOfType ([Containerd.CtrDataEvent])
    }

    It 'runs an action for each, and gives its job' {
        $seen = [System.Collections.Concurrent.ConcurrentQueue[object]]::new()
        $job = Register-CtrEvent -Topic /test/* -Type Data -SourceIdentifier test.action -MessageData $seen -Action { $Event.MessageData.Enqueue($args[0]) }
        $job | Should -BeOfType ([System.Management.Automation.PSEventJob])
        Publish-CtrEvent /test/a @{ id = 'a' }
        Publish-CtrEvent /test/b @{ id = 'b' }

        for ($watch = [Diagnostics.Stopwatch]::StartNew(); $seen.Count -lt 2 -and $watch.Elapsed -lt $guard;) { Start-Sleep -Milliseconds 20 }

        @($seen).Id | Should -Be a, b
    }

    It 'gives an action what PowerShell gives each: parameters, automatic variables, a scope that lasts' {
        $job = Register-CtrEvent -Topic /test -SourceIdentifier test.scope -MessageData mine -Action {
            param($received)
            $script:count++
            "$script:count $($received.Id) $($Event.SourceArgs[0].Id) $($Event.MessageData) $($EventSubscriber.SourceIdentifier)"
        }
        'a', 'b' | ForEach-Object { Publish-CtrEvent /test/x @{ id = $_ } }

        $output = @()
        for ($watch = [Diagnostics.Stopwatch]::StartNew(); $output.Count -lt 2 -and $watch.Elapsed -lt $guard;) { Start-Sleep -Milliseconds 20; $output += Receive-Job $job }

        $output | Should -Be '1 a a mine test.scope', '2 b b mine test.scope'
        & $job.Module { $script:count } | Should -Be 2
    }

    It 'shows the error of an action that fails in its job, and runs it for the next event' {
        $seen = [System.Collections.Concurrent.ConcurrentQueue[object]]::new()
        $job = Register-CtrEvent -Topic /test -SourceIdentifier test.failing -MessageData $seen -Action {
            $Event.MessageData.Enqueue($args[0].Id)
            if ($args[0].Id -ne 'last') { throw "no $($args[0].Id)" }
        }
        'one', 'two', 'last' | ForEach-Object { Publish-CtrEvent /test/x @{ id = $_ } }

        for ($watch = [Diagnostics.Stopwatch]::StartNew(); $seen.Count -lt 3 -and $watch.Elapsed -lt $guard;) { Start-Sleep -Milliseconds 20 }

        @($seen) | Should -Be one, two, last
        $job.State | Should -Be 'Running'
        $failed = $null
        Receive-Job $job -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed.Exception.Message | Should -Be 'no one', 'no two'
    }

    It 'drops and counts what an action that is slow leaves no room for' {
        $shared = @{
            Seen = [System.Collections.Concurrent.ConcurrentQueue[object]]::new()
            Running = [Threading.ManualResetEventSlim]::new()
            Published = [Threading.ManualResetEventSlim]::new()
        }
        $null = Register-CtrEvent -Topic /test -SourceIdentifier test.slow -BufferSize 4 -MessageData $shared -Action {
            $Event.MessageData.Running.Set()
            if (-not $Event.MessageData.Published.Wait(60000)) { throw 'Nothing is published.' }
            $Event.MessageData.Seen.Enqueue($args[0])
        }
        $job = Start-ThreadJob {
            param($module, $shared)
            Import-Module $module
            if (-not $shared.Running.Wait(60000)) { throw 'The action does not run.' }
            1..100 | ForEach-Object { Publish-CtrEvent /test/number @{ number = $_ } }
            $shared.Published.Set()
        } -ArgumentList (Get-Module Containerd).Path, $shared
        Publish-CtrEvent /test/number @{ number = 0 }

        # Not with Wait-Job, while which no action runs.
        for ($watch = [Diagnostics.Stopwatch]::StartNew(); $job.State -notin 'Completed', 'Failed' -and $watch.Elapsed -lt $guard;) { Start-Sleep -Milliseconds 20 }
        Receive-Job $job
        Remove-Job $job
        $told = { @($shared.Seen | ForEach-Object { $_ -is [Containerd.CtrEventGap] ? $_.LostCount : 1 } | Measure-Object -Sum).Sum }

        for ($watch = [Diagnostics.Stopwatch]::StartNew(); (& $told) -lt 101 -and $watch.Elapsed -lt $guard;) { Start-Sleep -Milliseconds 20 }
        Publish-CtrEvent /test/last
        for ($watch = [Diagnostics.Stopwatch]::StartNew(); $shared.Seen.Topic -notcontains '/test/last' -and $watch.Elapsed -lt $guard;) { Start-Sleep -Milliseconds 20 }

        & $told | Should -Be 102
        @($shared.Seen)[0..3].Data.number | Should -Be 0, 1, 2, 3
        @($shared.Seen).Where({ $_ -is [Containerd.CtrEventGap] }).Reason | Should -Contain 'ReaderTooSlow'
        @($shared.Seen)[-1].Topic | Should -Be '/test/last'
    }

    It 'ends at once though an action runs and events wait for it' {
        $sockets = { @(Get-ChildItem /proc/$PID/fd | Where-Object LinkTarget -Like 'socket:*').Count }
        $shared = @{ Sockets = $sockets; Before = & $sockets; After = $null; Guard = $guard }
        $null = Register-CtrEvent -Topic /test -SourceIdentifier test.ending -BufferSize 1 -MessageData $shared -Action {
            1..5 | ForEach-Object { Publish-CtrEvent /test/number @{ number = $_ } }
            Unregister-Event test.ending
            $shared = $Event.MessageData
            for ($watch = [Diagnostics.Stopwatch]::StartNew(); (& $shared.Sockets) -gt $shared.Before -and $watch.Elapsed -lt $shared.Guard;) { Start-Sleep -Milliseconds 20 }
            $shared.After = & $shared.Sockets
        }
        Publish-CtrEvent /test/first

        for ($watch = [Diagnostics.Stopwatch]::StartNew(); $null -eq $shared.After -and $watch.Elapsed -lt $guard;) { Start-Sleep -Milliseconds 20 }

        $shared.After | Should -Not -BeNullOrEmpty
        $shared.After | Should -BeLessOrEqual $shared.Before
        Get-EventSubscriber -SourceIdentifier test.ending -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'ends by itself after -MaxTriggerCount' {
        Register-CtrEvent -Topic /test -SourceIdentifier test.max -MaxTriggerCount 2
        1..4 | ForEach-Object { Publish-CtrEvent /test/number @{ number = $_ } }

        (Receive-Raised test.max).SourceArgs[0].Data.number | Should -Be 1
        (Receive-Raised test.max).SourceArgs[0].Data.number | Should -Be 2

        for ($watch = [Diagnostics.Stopwatch]::StartNew(); (Get-EventSubscriber -SourceIdentifier test.max -ErrorAction Ignore) -and $watch.Elapsed -lt $guard;) { Start-Sleep -Milliseconds 20 }
        Get-EventSubscriber -SourceIdentifier test.max -ErrorAction Ignore | Should -BeNullOrEmpty
        Get-Event -SourceIdentifier test.max -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'gives each event an identifier of its own, whichever registration raises it' {
        1..5 | ForEach-Object { Register-CtrEvent -Topic /test -SourceIdentifier "test.$_" }
        1..200 | ForEach-Object { Publish-CtrEvent /test/number @{ number = $_ } }

        for ($watch = [Diagnostics.Stopwatch]::StartNew(); @(Get-Event -SourceIdentifier test.*).Count -lt 1000 -and $watch.Elapsed -lt $guard;) { Start-Sleep -Milliseconds 20 }
        @(Get-Event -SourceIdentifier test.* | Sort-Object EventIdentifier -Unique).Count | Should -Be 1000
    }

    It 'closes its connection when it is unregistered' {
        $before = (Get-ChildItem /proc/$PID/fd).Count
        1..5 | ForEach-Object { Register-CtrEvent -SourceIdentifier "test.$_" }
        Get-EventSubscriber -SourceIdentifier test.* | Unregister-Event

        for ($watch = [Diagnostics.Stopwatch]::StartNew(); (Get-ChildItem /proc/$PID/fd).Count -gt $before + 2 -and $watch.Elapsed -lt $guard;) { Start-Sleep -Milliseconds 20 }
        (Get-ChildItem /proc/$PID/fd).Count | Should -BeLessOrEqual ($before + 2)
    }

    It 'raises a last event with the error where the subscription fails' {
        $own = @{}
        try {
            Invoke-Daemon $own start, (Get-DaemonVersion)
            Register-CtrEvent -Topic /test -Type Data -SourceIdentifier test.failing -Address $own.ADDRESS
            bash -c "kill -KILL $($own.PID)"

            # When it is back it has no events.
            $config = "$($own.DIR)/config.toml"
            (Get-Content $config -Raw) -replace 'disabled_plugins = \[', '$0 "io.containerd.grpc.v1.events",' | Set-Content $config
            Invoke-Daemon $own restart, $own.DIR
            $last = (Receive-Raised test.failing).SourceArgs[0]

            $last | Should -BeOfType ([Containerd.CtrEventGap])
            $last.Reason | Should -Be 'SubscriptionFailed'
            $last.Error.Kind | Should -Be 'Unimplemented'
            $last.Address | Should -BeLike "*$($own.ADDRESS)"
        }
        finally {
            if ($own.DIR) { Invoke-Daemon $own stop, $own.DIR }
        }
    }

    It 'refuses a name that is in use, and a daemon that is not there' {
        Register-CtrEvent -SourceIdentifier test.twice
        { Register-CtrEvent -SourceIdentifier test.twice -ErrorAction Stop } | Should -Throw '*test.twice*' -ErrorId 'SubscriptionAlreadyExists,*'
        { Register-CtrEvent -Address /no/such.sock -ErrorAction Stop } | Should -Throw -ErrorId 'DaemonUnavailable,*'
        @(Get-EventSubscriber -SourceIdentifier test.*).Count | Should -Be 1
    }
}

Describe 'Get-CtrEvent' {
    BeforeAll {
        # Publishes in another runspace, again and again until the script here has what it waits for.
        function Invoke-WhilePublishing([scriptblock] $Script) {
            $job = Start-ThreadJob { param($module) Import-Module $module; for ($i = 0; ; $i++) { Publish-CtrEvent /test/beat @{ id = "beat$($i % 2)"; number = $i }; Start-Sleep -Milliseconds 30 } } -ArgumentList (Get-Module Containerd).Path
            try { & $Script } finally { $job | Stop-Job -PassThru | Remove-Job }
        }
    }

    It 'ends after -Count events' {
        $events = Invoke-WhilePublishing { Get-CtrEvent -Topic /test -Count 3 }
        $events.Count | Should -Be 3
        $events[1].Data.number | Should -Be ($events[0].Data.number + 1)
        $events.Topic | Select-Object -Unique | Should -Be '/test/beat'
        $events.Namespace | Select-Object -Unique | Should -Be $env:CONTAINERD_NAMESPACE
    }

    It 'ends when a command downstream has enough' {
        (Invoke-WhilePublishing { Get-CtrEvent | Select-Object -First 2 }).Count | Should -Be 2
    }

    It 'takes by -Id, -Type and -Filter' {
        (Invoke-WhilePublishing { Get-CtrEvent -Id *1 -Type data -Count 3 }).Id | Should -Be beat1, beat1, beat1
        (Invoke-WhilePublishing { Get-CtrEvent -Filter 'topic=="/test/none"', 'topic~=beat' -Count 1 }).Topic | Should -Be /test/beat
    }

    It 'warns of a -Type that is none' {
        Get-CtrEvent -Topic /nothing -Type Data, TaskE*, TaskExits -TimeoutSec 1 -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -HaveCount 1
        $warned | Should -BeLike "'TaskExits' *TaskExit,*"
    }

    It 'ends without an error when its time is over' {
        Get-CtrEvent -Topic /nothing -TimeoutSec 1 -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -BeNullOrEmpty
    }

    It 'writes the typed events of a task, which can be piped on' {
        $job = Start-ThreadJob { param($module) Import-Module $module; Get-CtrEvent -Topic /tasks/exit -Count 1 -Verbose 4>&1 } -ArgumentList (Get-Module Containerd).Path
        for ($watch = [Diagnostics.Stopwatch]::StartNew(); -not $job.Output.Count -and $watch.Elapsed -lt $guard;) { Start-Sleep -Milliseconds 20 }
        $container = New-Container sh, -c, 'exit 5'
        $null = $container | Start-CtrTask -NoIO

        # Not with -AutoRemoveJob, which fails at times where the job ends just then.
        $exit = $job | Wait-Job | Receive-Job | Select-Object -Last 1
        Remove-Job $job

        $exit | Should -BeOfType ([Containerd.CtrTaskExitEvent])
        $exit.ExitCode | Should -Be 5
        $exit.Id | Should -Be $container.Id
        $exit | Remove-CtrTask
        Get-CtrTask | Should -BeNullOrEmpty
    }

    It 'is stopped by Ctrl+C' {
        $result = Stop-Script 'Get-CtrEvent' -WithoutOutput
        $result.Ended | Should -BeTrue
        $result.State | Should -Be 'Stopped'
        $result.Errors | Should -BeNullOrEmpty
    }

    It 'tells of a daemon that is not there, and of a topic that is none' {
        { Get-CtrEvent -Address /no/such.sock -ErrorAction Stop } | Should -Throw -ErrorId 'DaemonUnavailable,*'
        { Get-CtrEvent -Filter 'topic==/' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidFilter,*'
        { Get-CtrEvent -Topic ' ' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidTopic,*'
    }

    It 'shows an exit code of zero, and none that is not known' {
        $exit = [Containerd.CtrTaskExitEvent]@{ ContainerId = 'web'; Pid = 7; ExitCode = 0; Address = 'a'; Namespace = 'n'; Topic = '/tasks/exit'; Timestamp = [datetimeoffset]::Now }
        $exit | Format-Table | Out-String -Width 120 | Should -Match 'web +ExitCode=0 Pid=7'
        $exit | Format-Table | Out-String -Width 120 | Should -Not -Match 'OutOfMemory|ExecId'
    }

    It 'shows time, topic, id and what is special' {
        $event = (Invoke-WhilePublishing { Get-CtrEvent -Topic /test -Count 1 })
        $event | Format-Table | Out-String -Width 120 | Should -Match '(?s)Time +Topic +Id +Details.*/test/beat +beat'
    }

    It 'completes topics and types' {
        (TabExpansion2 'Get-CtrEvent /tasks/ex' 22).CompletionMatches.CompletionText | Should -Be '/tasks/exec-added', '/tasks/exec-started', '/tasks/exit'
        (TabExpansion2 'Get-CtrEvent -Type Image' 24).CompletionMatches.CompletionText | Should -Be ImageCreate, ImageDelete, ImageUpdate
    }
}

Describe 'Publish-CtrEvent' {
    BeforeAll {
        Register-CtrEvent -Topic /data -SourceIdentifier data
    }

    AfterAll {
        Unregister-Event data
    }

    It 'publishes hashtables, objects and single values' {
        [pscustomobject]@{ id = 'one'; list = 1, 'two', $null; day = [DayOfWeek]::Friday }, @{ id = 'two'; nested = @{ a = $true } }, 'text' | Publish-CtrEvent -Topic /data/x

        $one = (Receive-Raised data).SourceArgs[0]
        $one.Id | Should -Be 'one'
        $one.Data.list | Should -Be 1, 'two', $null
        $one.Data.day | Should -Be 'Friday'
        (Receive-Raised data).SourceArgs[0].Data.nested.a | Should -BeTrue
        (Receive-Raised data).SourceArgs[0].Data.value | Should -Be 'text'
    }

    It 'publishes a message as it is' {
        Publish-CtrEvent /data/raw -TypeUrl containerd.events.TaskOOM -Data ([byte[]](10, 3, 119, 101, 98))
        $oom = (Receive-Raised data).SourceArgs[0]
        $oom.Type | Should -Be 'TaskOOM'
        $oom.ContainerId | Should -Be 'web'
    }

    It 'does nothing with -WhatIf' {
        Publish-CtrEvent /data/no -WhatIf
        Publish-CtrEvent /data/yes
        (Receive-Raised data).SourceArgs[0].Topic | Should -Be /data/yes
    }

    It 'refuses what is no topic or no message' {
        { Publish-CtrEvent data -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidTopic,*'
        { Publish-CtrEvent /data -TypeUrl x -Data @{} -ErrorAction Stop } | Should -Throw '*byte array*'
    }
}

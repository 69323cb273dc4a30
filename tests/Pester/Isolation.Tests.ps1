BeforeAll {
    $module = (Resolve-Path "$PSScriptRoot/../../out/Containerd").Path
    $package = Join-Path ([IO.Path]::GetTempPath()) "foreign-protobuf-$PID"
    $said = dotnet package download Google.Protobuf@3.21.9 --output $package 2>&1
    $foreign = "$package/google.protobuf/3.21.9/lib/netstandard2.0/Google.Protobuf.dll"
    if (-not (Test-Path $foreign)) { throw "Google.Protobuf 3.21.9 can't be had: $said" }

    # Runs a script in a fresh process and gives what it wrote as one line.
    function Invoke-Fresh([string] $Script) {
        $output = & ($env:PWSH ?? 'pwsh') -NoProfile -NonInteractive -Command "`$ErrorActionPreference = 'Stop'; $Script" 2>&1
        "$output"
    }

    # Uses the foreign library's own types: a value goes to bytes and back.
    $useForeign = '[Google.Protobuf.ByteString]::CopyFromUtf8("abc").ToStringUtf8(); [Google.Protobuf.ByteString].Assembly.GetName().Version.ToString()'
}

AfterAll {
    if (Test-Path $package) { Remove-Item $package -Recurse -Force }
}

Describe 'A foreign Google.Protobuf' {
    It 'loaded first disturbs nobody' {
        Invoke-Fresh "Add-Type -Path '$foreign'; Import-Module '$module'; (Get-CtrVersion).Services -contains 'tasks'; $useForeign" |
            Should -Be 'True abc 3.21.9.0'
    }

    It 'loaded after the module disturbs nobody' {
        Invoke-Fresh "Import-Module '$module'; (Get-CtrVersion).Services -contains 'tasks'; Add-Type -Path '$foreign'; $useForeign; Test-CtrConnection" |
            Should -Be 'True abc 3.21.9.0 True'
    }

    It 'is not ours' {
        Invoke-Fresh "Import-Module '$module'; `$null = Get-CtrVersion; [AppDomain]::CurrentDomain.GetAssemblies().Where({ `$_.GetName().Name -in 'Google.Protobuf', 'Containerd.Client' }).ForEach({ [Runtime.Loader.AssemblyLoadContext]::GetLoadContext(`$_).Name }) | Sort-Object -Unique" |
            Should -Be 'Containerd'
    }
}

Describe 'Type names' {
    It 'resolve while the module is there' {
        Invoke-Fresh "Import-Module '$module'; [Containerd.CtrTask].Name; [Containerd.CtrSession].Name; (Get-CtrVersion) -is [Containerd.CtrVersion]" |
            Should -Be 'CtrTask CtrSession True'
    }

    It 'are there again after another import' {
        Invoke-Fresh "Import-Module '$module'; Import-Module '$module' -Force; Remove-Module Containerd; Import-Module '$module'; [Containerd.CtrTask].Name; Test-CtrConnection" |
            Should -Be 'CtrTask True'
    }

    It 'outlive the removal in another runspace, and go with the last' {
        $script = @'
Import-Module '{0}'
Start-ThreadJob {{ Import-Module '{0}'; Remove-Module Containerd }} | Receive-Job -Wait -AutoRemoveJob
[Containerd.CtrTask].Name
Remove-Module Containerd
[psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')::Get.Keys.Where({{ $_ -like 'Containerd.*' }}).Count
'@ -f $module
        Invoke-Fresh $script | Should -Be 'CtrTask 0'
    }
}

Describe 'Import' {
    It 'asks nothing of a daemon' {
        . "$PSScriptRoot/FaultSocket.ps1"
        $socket = New-FaultSocket
        try {
            Invoke-Fresh "`$env:CONTAINERD_ADDRESS = '$($socket.Path)'; Import-Module '$module'; (Get-Command -Module Containerd).Count -gt 0" | Should -Be 'True'
            $socket.Connections | Should -Be 0
        }
        finally {
            $socket.Dispose()
        }
    }
}

# Objects carry their daemon and namespace: they are found again whatever the defaults are.
BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-Module "$PSScriptRoot/../../out/Containerd/Containerd.psd1"
    $other = "piping-$(Get-Random)"
    Import-CtrImage "$env:CONTAINERD_TEST_IMAGES/busybox.tar" -Namespace $other | Out-Null
    $container = New-CtrContainer far busybox -Namespace $other -Command sh, -c, 'trap exit TERM; sleep 1000 & wait'
}

AfterAll {
    Remove-CtrContainer * -Namespace $other -Force
    Remove-CtrImage * -Namespace $other
}

Describe 'A container of another namespace' {
    It 'goes through the whole pipeline' {
        $container | Get-CtrContainer | ForEach-Object Namespace | Should -Be $other
        $result = $container | Start-CtrTask | Invoke-CtrExec -Command echo, here
        $result.StandardOutput | Should -Be "here`n"
        $container | Get-CtrTask | ForEach-Object Status | Should -Be 'Running'
        $container | Send-CtrSignal -Signal TERM
        ($container | Wait-CtrTask -TimeoutSec 30).ExitCode | Should -Be 143
        ($container | Remove-CtrTask).Namespace | Should -Be $other
    }

    It 'is found by its id as text, and as a property, where the namespace is named' {
        ('far' | Get-CtrContainer -Namespace $other).Id | Should -Be 'far'
        ([pscustomobject]@{ Id = 'far' } | Get-CtrContainer -Namespace $other).Id | Should -Be 'far'
    }

    It 'gives its image to the cmdlets for images' {
        (Get-CtrImage -Namespace $other | Get-CtrImage -Namespace $other).Namespace | Should -Be $other
        (Get-CtrImage -Namespace $other | Get-CtrImage).Namespace | Should -Be $other
        ('busybox' | Get-CtrImage -Namespace $other).Namespace | Should -Be $other
        ([pscustomobject]@{ Name = 'busybox' } | Get-CtrImage -Namespace $other).Namespace | Should -Be $other
    }

    It 'goes with its task in one step' {
        $one = New-CtrContainer gone busybox -Namespace $other -Command true
        $one | Start-CtrTask | Wait-CtrTask -TimeoutSec 30 | Remove-CtrContainer
        Get-CtrContainer gon? -Namespace $other | Should -BeNullOrEmpty
    }
}

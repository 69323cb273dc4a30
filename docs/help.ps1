<#
.SYNOPSIS
Makes the module's help, docs/en-US/Containerd.dll-Help.xml, from the pages in docs/cmdlets.
#>
[CmdletBinding()]
param()

$ErrorActionPreference = 'Stop'
try {
    Import-Module Microsoft.PowerShell.PlatyPS -MinimumVersion 1.0.0
}
catch {
    throw "The help can't be made: it needs the module Microsoft.PowerShell.PlatyPS 1.0 or later, which 'Install-PSResource Microsoft.PowerShell.PlatyPS' gets. $_"
}

$name = 'Containerd.dll-Help.xml'
$pages = Measure-PlatyPSMarkdown -Path "$PSScriptRoot/cmdlets/*.md"
$others = $pages.Where({ $_.Filetype -notmatch 'CommandHelp' })
if ($others) {
    throw "No page of a cmdlet: $($others.FilePath -join ', ')"
}

$commands = Import-MarkdownCommandHelp -Path $pages.FilePath
$faults = foreach ($command in $commands) {
    $command.Diagnostics.Messages.Where({ $_.Severity -eq 'Error' }).ForEach({ "$($command.Title): $($_.Message) $($_.Identifier)" })
}
if ($faults) {
    throw $faults -join [Environment]::NewLine
}

$temporary = [IO.Directory]::CreateTempSubdirectory('containerd-help-').FullName
try {
    $null = Export-MamlCommandHelp -CommandHelp $commands -OutputFolder $temporary
    $help = [xml]::new()
    $help.Load("$temporary/Containerd/$name")
}
finally {
    Remove-Item $temporary -Recurse
}

$namespaces = [Xml.XmlNamespaceManager]::new($help.NameTable)
$namespaces.AddNamespace('maml', 'http://schemas.microsoft.com/maml/2004/10')
$namespaces.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')
$namespaces.AddNamespace('dev', 'http://schemas.microsoft.com/maml/dev/2004/10')

# PlatyPS leaves an example's fenced code among its text; Get-Help shows code and remarks each in their way.
foreach ($example in $help.SelectNodes('//command:example', $namespaces)) {
    $introduction = $example.SelectSingleNode('maml:introduction', $namespaces)
    $texts = @($introduction.SelectNodes('maml:para', $namespaces).InnerText.Trim([char] 0x80, "`n"))
    if ($texts[0] -notmatch '(?s)^```powershell\n(?<code>.*)\n```$') {
        throw "An example must begin with its code: $($example.InnerText)"
    }

    $example.SelectSingleNode('dev:code', $namespaces).InnerText = $Matches.code
    $remarks = $example.SelectSingleNode('dev:remarks', $namespaces)
    # The empty one keeps examples apart.
    foreach ($text in @($texts | Select-Object -Skip 1 | Where-Object { $_ }) + '') {
        $remarks.AppendChild($help.CreateElement('maml', 'para', $namespaces.LookupNamespace('maml'))).InnerText = $text
    }

    $introduction.RemoveAll()
}

# A terminal shows Markdown's marks as they are.
foreach ($text in @($help.SelectNodes('//maml:para', $namespaces))) {
    $text.InnerText = $text.InnerText.Replace('`', '')
}

# Links to other pages lead nowhere from a terminal: their names are commands or topics.
foreach ($uri in @($help.SelectNodes('//maml:navigationLink/maml:uri', $namespaces))) {
    if (-not $uri.InnerText) {
        $null = $uri.ParentNode.ParentNode.RemoveChild($uri.ParentNode)
    }
    elseif ($uri.InnerText -notmatch '^https:') {
        $uri.InnerText = ''
    }
}

# PlatyPS leaves the default values out.
foreach ($command in $commands) {
    foreach ($parameter in $command.Parameters.Where({ $_.DefaultValue })) {
        $element = $help.SelectSingleNode("//command:command[command:details/command:name='$($command.Title)']/command:parameters/command:parameter[maml:name='$($parameter.Name)']", $namespaces)
        $element.AppendChild($help.CreateElement('dev', 'defaultValue', $namespaces.LookupNamespace('dev'))).InnerText = $parameter.DefaultValue
    }
}

$settings = [Xml.XmlWriterSettings]@{ Indent = $true; NewLineChars = "`n"; Encoding = [Text.UTF8Encoding]::new($false) }
$writer = [Xml.XmlWriter]::Create("$PSScriptRoot/en-US/$name", $settings)
$help.Save($writer)
$writer.Dispose()
"made docs/en-US/$name"

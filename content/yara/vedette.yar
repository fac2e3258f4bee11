// The rules every installation has. Each says in `description` and `description_zh` what a match means, and in `severity`
// how bad that is. They are our own; public sets go beside them as sets of rules.

rule webshell_jsp_exec : webshell jsp
{
    meta:
        description = "A JSP page that runs what a request tells it: a web shell"
        description_zh = "JSP 页面执行请求中携带的命令：WebShell"
        severity = "critical"
        attack = "T1505.003"
    strings:
        $page = /<%[@!=\s]/
        $run1 = /Runtime\s*\.\s*getRuntime\s*\(\s*\)\s*\.\s*exec\s*\(/
        $run2 = /new\s+ProcessBuilder\s*\(/
        $asked = /request\s*\.\s*get(Parameter|Header|InputStream|Reader|QueryString)\s*\(/
    condition:
        filesize < 2MB and $page and $asked and any of ($run*)
}

rule webshell_jsp_class_loader : webshell jsp
{
    meta:
        description = "A JSP page that loads code out of a request into memory, as Behinder and Godzilla do"
        description_zh = "JSP 页面从请求中加载类到内存（冰蝎、哥斯拉类 WebShell）"
        severity = "critical"
        attack = "T1505.003"
    strings:
        $page = /<%[@!=\s]/
        $loads = "ClassLoader" 
        $defines = /\bdefineClass\b/
        $cipher = /Cipher\s*\.\s*getInstance\s*\(\s*"AES/
        $decodes = /[Bb]ase64\s*[.)(;\s]|BASE64Decoder|decodeBuffer/
        $asked = /request\s*\.\s*get(Parameter|Reader|InputStream)\s*\(/
    condition:
        filesize < 2MB and $page and $loads and $defines and $asked and ($cipher or $decodes)
}

rule webshell_php_eval_request : webshell php
{
    meta:
        description = "A PHP page that runs what a request tells it: a web shell"
        description_zh = "PHP 页面直接执行请求参数：WebShell（一句话木马）"
        severity = "critical"
        attack = "T1505.003"
    strings:
        $php = /<\?(php|=|\s)/ nocase
        $eval = /\b(eval|assert|create_function)\s*\(\s*(@|stripslashes\s*\(|base64_decode\s*\(|\s|gzinflate\s*\()*\$_(GET|POST|REQUEST|COOKIE|SERVER)\b/ nocase
        $command = /\b(system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec)\s*\(\s*(@|base64_decode\s*\(|\s)*\$_(GET|POST|REQUEST|COOKIE|SERVER)\b/ nocase
        $called = /\$_(GET|POST|REQUEST|COOKIE)\s*\[[^\]\n]{1,40}\]\s*\(\s*\$_(GET|POST|REQUEST|COOKIE)/ nocase
    condition:
        filesize < 2MB and $php and any of ($eval, $command, $called)
}

rule webshell_php_packed : webshell php
{
    meta:
        description = "A PHP page that unpacks and runs hidden code"
        description_zh = "PHP 页面解码并执行隐藏代码"
        severity = "high"
        attack = "T1505.003, T1027"
    strings:
        $php = /<\?(php|=|\s)/ nocase
        $runs = /\b(eval|assert)\s*\(\s*(@|\s)*(gzinflate|gzuncompress|gzdecode|str_rot13|base64_decode|strrev)\s*\(\s*(@|\s)*(gzinflate|gzuncompress|gzdecode|str_rot13|base64_decode|strrev)\s*\(/ nocase
        $long = /\beval\s*\(\s*base64_decode\s*\(\s*["'][A-Za-z0-9+\/=]{200,}/ nocase
    condition:
        filesize < 5MB and $php and any of ($runs, $long)
}

rule webshell_aspx : webshell aspx
{
    meta:
        description = "An ASP or ASPX page that runs what a request tells it: a web shell"
        description_zh = "ASP/ASPX 页面执行请求中携带的代码或命令：WebShell"
        severity = "critical"
        attack = "T1505.003"
    strings:
        $page = /<%[@=\s]|<script[^>]{0,80}runat\s*=\s*["']?server/ nocase
        $eval = /\b(eval|execute|executeglobal)\s*\(?\s*(Request\b|System\.Text\.Encoding[^\n]{0,120}Request\b)/ nocase
        $process = /(Process\.Start|ProcessStartInfo|WScript\.Shell)/ nocase
        $loads = /Assembly\s*\.\s*Load\s*\(/ nocase
        $asked = /Request\s*(\.\s*(Form|QueryString|Item|Params|Headers|BinaryRead|InputStream)\s*)?[\[\(\.]/ nocase
    condition:
        filesize < 2MB and $page and ($eval or ($asked and ($loads or ($process and filesize < 100KB))))
}

rule reverse_shell_script : reverse_shell
{
    meta:
        description = "A script that opens a shell to another machine"
        description_zh = "脚本向外部主机反弹 Shell"
        severity = "high"
        attack = "T1059"
    strings:
        $bash = /(ba|z|k)?sh\s+-i\s*[0-9]?>&?\s*\/dev\/(tcp|udp)\/[^\s\/]{1,100}\/[0-9]{1,5}/
        $exec = /exec\s+[0-9]{1,2}<>\s*\/dev\/(tcp|udp)\/[^\s\/]{1,100}\/[0-9]{1,5}/
        $netcat = /\b(nc|ncat|netcat)(\.traditional|\.openbsd)?\s+(-[a-z]+\s+)*-[a-z]*e\s+["']?\/bin\/(ba|da)?sh/
        $fifo = /mkfifo\s+[^\s;|]{1,80}\s*;.{0,120}\|\s*\/bin\/(ba|da)?sh\s+-i.{0,80}\|\s*(nc|ncat|netcat|openssl)\b/
        $python1 = "socket.socket" 
        $python2 = /os\.dup2\s*\(\s*\w{1,20}\.fileno\s*\(\s*\)\s*,\s*[012]\s*\)/
        $perl = /use\s+Socket\s*;.{0,400}open\s*\(\s*STDIN\s*,\s*["']>&/s
        $php = /fsockopen\s*\([^\n]{1,120};[^\n]{0,80}\b(exec|proc_open|shell_exec|system)\s*\(\s*["']\/bin\/(ba)?sh\s+-i/
        $powershell = /New-Object\s+(System\.)?Net\.Sockets\.TCPClient.{0,600}(iex|Invoke-Expression)/s nocase
    condition:
        filesize < 5MB and (any of ($bash, $exec, $netcat, $fifo, $perl, $php, $powershell) or all of ($python*))
}

rule cron_download_run : persistence linux
{
    meta:
        description = "A line that fetches a script again and again and runs it, as miners and bots keep themselves alive"
        description_zh = "定时任务反复下载并执行远程脚本（挖矿、僵尸程序常用驻留手法）"
        severity = "high"
        attack = "T1053.003"
    strings:
        $line = /(^|\n)\s*(\*|[0-9*\/,-]{1,12})\s+(\*|[0-9*\/,-]{1,12})\s+(\*|[0-9*\/,-]{1,12})\s+(\*|[0-9*\/,-]{1,12})\s+(\*|[0-9*\/,-]{1,12})\s+[^\n]{0,120}\b(curl|wget|wd1|cdt)\b[^\n|]{1,300}\|\s*(ba|da)?sh\b/
    condition:
        filesize < 1MB and $line
}

rule miner_configuration : miner
{
    meta:
        description = "The configuration or the text of a coin miner"
        description_zh = "挖矿程序的配置或特征文本"
        severity = "high"
        attack = "T1496"
    strings:
        $pool = /stratum\+(tcp|ssl|tls|udp):\/\/[^\s"']{4,200}/ nocase
        $a = "donate-level" nocase
        $b = "\"algo\"" nocase
        $c = "xmrig" nocase
        $d = "rig-id" nocase
        $e = "randomx" nocase
        $f = /\b4[0-9AB][1-9A-HJ-NP-Za-km-z]{93}\b/
        $g = /["']?(user|wallet|walletAddress)["']?\s*[:=]\s*["'][A-Za-z0-9.]{20,120}["']/ nocase
    condition:
        $pool and 2 of ($a, $b, $c, $d, $e, $f, $g)
}

rule ransom_note : ransomware
{
    meta:
        description = "A note that demands money for encrypted files"
        description_zh = "勒索信：声称文件已被加密并索要赎金"
        severity = "critical"
        attack = "T1486"
    strings:
        $en1 = /(all )?(of )?your (important )?(files|data|documents|network)[^\n.]{0,60} (has been|have been|are|is|was|were) (fully |completely |all )?(encrypted|locked)/ nocase ascii wide
        $en2 = /(restore|recover|decrypt)[^\n.]{0,60}(your )?(files|data)/ nocase ascii wide
        $zh1 = "文件已被加密"
        $zh2 = "文件已经被加密"
        $pay1 = /\b(bitcoins?|btc|monero|xmr)\b/ nocase ascii wide
        $pay2 = /[a-z2-7]{16,56}\.onion/ nocase ascii wide
        $pay3 = /(decryptor|decryption (key|tool)|private key|tor browser)/ nocase ascii wide
        $pay4 = "比特币"
        $pay5 = "赎金"
    condition:
        filesize < 200KB and (($en1 and $en2 and any of ($pay*)) or (any of ($zh*) and any of ($pay*)))
}

rule powershell_download_cradle : powershell
{
    meta:
        description = "PowerShell that fetches code and runs it at once"
        description_zh = "PowerShell 下载并立即执行代码"
        severity = "high"
        attack = "T1059.001, T1105"
    strings:
        $run = /\b(iex|Invoke-Expression)\b/ nocase ascii wide
        $get1 = /\.Download(String|Data)\s*\(/ nocase ascii wide
        $get2 = /\b(Invoke-WebRequest|iwr|Invoke-RestMethod|irm)\b[^\n]{1,200}\|\s*(iex|Invoke-Expression)\b/ nocase ascii wide
        $packed1 = "IEX (New-Object Net.WebClient)" ascii wide base64 base64wide
        $packed2 = "IEX(New-Object Net.WebClient)" ascii wide base64 base64wide
        $packed3 = ".DownloadString(" ascii wide base64 base64wide
    condition:
        filesize < 5MB and (($run and $get1) or $get2 or any of ($packed*))
}

rule lnk_runs_script : lnk
{
    meta:
        description = "A Windows shortcut that starts a script interpreter: mail attachments of this kind are attacks"
        description_zh = "Windows 快捷方式启动脚本解释器（邮件附件中多为攻击）"
        severity = "high"
        attack = "T1204.002, T1059"
    strings:
        $script1 = /powershell(\.exe)?[^\x01]{0,200}(-e|-enc|-w|-nop|-ep|iex|hidden|bypass|http)/ nocase ascii wide
        $script2 = /mshta(\.exe)?["' ]{1,4}[^\x01]{0,80}(http|javascript|vbscript)/ nocase ascii wide
        $script3 = /cmd(\.exe)?["' ]{1,4}\/(c|k|v)[^\x01]{0,300}(powershell|mshta|wscript|cscript|rundll32|regsvr32|curl|certutil)/ nocase ascii wide
        $script4 = /(wscript|cscript)(\.exe)?[^\x01]{0,120}\.(js|jse|vbs|vbe|wsf)/ nocase ascii wide
    condition:
        uint32(0) == 0x0000004C and uint32(4) == 0x00021401 and filesize < 5MB and any of them
}

rule office_macro_autoexec : office macro
{
    meta:
        description = "An Office document with a macro that starts by itself and reaches out of the document"
        description_zh = "Office 文档含自动执行的宏，并调用外部程序或下载"
        severity = "high"
        attack = "T1204.002, T1059.005"
    strings:
        $project = "_VBA_PROJECT" ascii wide
        $auto1 = "AutoOpen" nocase ascii
        $auto2 = "Auto_Open" nocase ascii
        $auto3 = "Document_Open" nocase ascii
        $auto4 = "Workbook_Open" nocase ascii
        $auto5 = "AutoExec" nocase ascii
        $out1 = "WScript.Shell" nocase ascii
        $out2 = "CreateObject" nocase ascii
        $out3 = "URLDownloadToFile" nocase ascii
        $out4 = "XMLHTTP" nocase ascii
        $out5 = "ShellExecute" nocase ascii
        $out6 = "powershell" nocase ascii
        $out7 = "winmgmts:" nocase ascii
    condition:
        uint32(0) == 0xE011CFD0 and $project and any of ($auto*) and any of ($out*)
}

rule script_dropper : dropper script
{
    meta:
        description = "A Windows script that fetches a file, writes it and starts it"
        description_zh = "Windows 脚本下载、写入并运行文件"
        severity = "high"
        attack = "T1059.005, T1059.007, T1105"
    strings:
        $get1 = /(MSXML2|Microsoft)\.(Server)?XMLHTTP/ nocase ascii wide
        $get2 = "WinHttp.WinHttpRequest" nocase ascii wide
        $write1 = "ADODB.Stream" nocase ascii wide
        $write2 = "SaveToFile" nocase ascii wide
        $run1 = /WScript\.Shell/ nocase ascii wide
        $run2 = "Shell.Application" nocase ascii wide
    condition:
        filesize < 2MB and uint16(0) != 0x5A4D and any of ($get*) and any of ($write*) and any of ($run*)
}

rule credential_dumper : credentials
{
    meta:
        description = "The text of a tool that reads passwords out of Windows"
        description_zh = "窃取 Windows 口令的工具特征"
        severity = "critical"
        attack = "T1003"
    strings:
        $a = "sekurlsa::" nocase ascii wide
        $b = "lsadump::" nocase ascii wide
        $c = "kerberos::golden" nocase ascii wide
        $d = "privilege::debug" nocase ascii wide
        $e = "gentilkiwi" nocase ascii wide
        $f = "comsvcs.dll" nocase ascii wide
        $g = /MiniDump\s+["'$(%]{0,3}[\w:.$)%\s-]{1,60}\s+[^\s]{1,120}\s+full/ nocase ascii wide
    condition:
        2 of ($a, $b, $c, $d, $e) or ($f and $g)
}

rule eicar_test_file : test
{
    meta:
        description = "The EICAR test file: harmless, made to see whether scanning works"
        description_zh = "EICAR 测试文件：无害，用于验证检测是否生效"
        severity = "informational"
        reference = "https://www.eicar.org/download-anti-malware-testfile/"
    strings:
        // Written in hexadecimal, so that this file is not taken for it.
        $text = { 58 35 4F 21 50 25 40 41 50 5B 34 5C 50 5A 58 35 34 28 50 5E 29 37 43 43 29 37 7D 24 45 49 43 41 52 2D 53 54 41 4E 44 41 52 44 2D 41 4E 54 49 56 49 52 55 53 2D 54 45 53 54 2D 46 49 4C 45 21 24 48 2B 48 2A }
    condition:
        $text at 0 and filesize <= 128
}

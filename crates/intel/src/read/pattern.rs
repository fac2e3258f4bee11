//! STIX patterns (STIX 2.1, part 9): read in full, and taken for the indicators they are equal to. What a pattern says
//! beyond them (two things at once, order, repetition, negation) no single indicator can say: it is told.

use model::intel::{Indicator, IndicatorKind};

/// Patterns nest so deep at most.
const DEEPEST: usize = 64;
/// A pattern has so many bytes at most, and gives so many indicators.
const LONGEST: usize = 1 << 20;
const MOST: usize = 20_000;

/// What a pattern is equal to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Taken {
    pub indicators: Vec<Indicator>,
    /// Alternatives that are no indicator, with the reason.
    pub left_out: Vec<String>,
}

/// Reads a pattern; what it cannot be read for.
pub(super) fn read(pattern: &str) -> Result<Taken, String> {
    if pattern.len() > LONGEST {
        return Err(format!("the pattern is longer than {LONGEST} bytes"));
    }
    let tokens = tokens(pattern)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
    let taken = parser.observations()?;
    match parser.peek() {
        None => {}
        Some(token) => return Err(format!("`{}` is not expected there", token.words())),
    }
    Ok(match taken {
        Meaning::Any(taken) => taken,
        Meaning::Hold => Taken { left_out: vec!["it holds for everything".into()], ..Taken::default() },
    })
}

/// What an expression is equal to: one of these, or it says nothing of its own (the type of a reference).
enum Meaning {
    Any(Taken),
    Hold,
}

impl Meaning {
    fn none(why: impl Into<String>) -> Meaning {
        Meaning::Any(Taken { indicators: Vec::new(), left_out: vec![why.into()] })
    }

    fn or(self, other: Meaning) -> Meaning {
        match (self, other) {
            (Meaning::Any(mut one), Meaning::Any(other)) => {
                one.indicators.extend(other.indicators);
                one.left_out.extend(other.left_out);
                Meaning::Any(one)
            }
            _ => Meaning::none("an alternative of it holds for everything"),
        }
    }

    /// A file's hash says all there is to say about a file; of other things both would have to hold.
    fn and(self, other: Meaning) -> Meaning {
        match (self, other) {
            (Meaning::Hold, other) => other,
            (one, Meaning::Hold) => one,
            (Meaning::Any(one), Meaning::Any(other)) => {
                let hashes = |taken: &Taken| {
                    taken.left_out.is_empty()
                        && !taken.indicators.is_empty()
                        && taken.indicators.iter().all(|indicator| indicator.kind == IndicatorKind::Hash)
                };
                match (hashes(&one), hashes(&other)) {
                    (true, true) => Meaning::Any(one).or(Meaning::Any(other)),
                    (true, false) => Meaning::Any(one),
                    (false, true) => Meaning::Any(other),
                    (false, false) => Meaning::none("AND: no single indicator says both"),
                }
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    ParenOpen,
    ParenClose,
    Comma,
    /// `=`, `!=`, `<` and so on.
    Sign(&'static str),
    Word(String),
    /// An object path.
    Path(String),
    Text(String),
    Other(String),
}

impl Token {
    fn words(&self) -> String {
        match self {
            Token::Open => "[".into(),
            Token::Close => "]".into(),
            Token::ParenOpen => "(".into(),
            Token::ParenClose => ")".into(),
            Token::Comma => ",".into(),
            Token::Sign(sign) => (*sign).into(),
            Token::Word(text) | Token::Path(text) | Token::Text(text) | Token::Other(text) => text.clone(),
        }
    }
}

fn tokens(pattern: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = pattern.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '[' => (Token::Open, 1),
            ']' => (Token::Close, 1),
            '(' => (Token::ParenOpen, 1),
            ')' => (Token::ParenClose, 1),
            ',' => (Token::Comma, 1),
            '!' if rest.starts_with("!=") => (Token::Sign("!="), 2),
            '<' if rest.starts_with("<>") => (Token::Sign("!="), 2),
            '<' if rest.starts_with("<=") => (Token::Sign("<="), 2),
            '>' if rest.starts_with(">=") => (Token::Sign(">="), 2),
            '<' => (Token::Sign("<"), 1),
            '>' => (Token::Sign(">"), 1),
            '=' => (Token::Sign("="), if rest.starts_with("==") { 2 } else { 1 }),
            '\'' => {
                let (text, length) = quoted(rest)?;
                (Token::Text(text), length)
            }
            // Times, hexadecimal and base 64: t'...', h'...', b'...'.
            't' | 'h' | 'b' if rest[1..].starts_with('\'') => {
                let (text, length) = quoted(&rest[1..])?;
                (Token::Other(text), length + 1)
            }
            _ if first.is_ascii_alphanumeric() || matches!(first, '-' | '+' | '_') => word(rest)?,
            _ => return Err(format!("`{first}` is not expected in a pattern")),
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// A text between single quotes, with its length as written.
fn quoted(text: &str) -> Result<(String, usize), String> {
    let mut found = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' => return Ok((found, at + 1)),
            '\\' => match characters.next() {
                Some((_, next @ ('\'' | '\\'))) => found.push(next),
                Some((_, next)) => found.extend(['\\', next]),
                None => break,
            },
            _ => found.push(character),
        }
    }
    Err("a quote is not closed".into())
}

/// A keyword, a number, or an object path such as `file:hashes.'SHA-256'`.
fn word(text: &str) -> Result<(Token, usize), String> {
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let colon = text[..at].contains(':');
        match character {
            '\'' if colon => at += quoted(&text[at..])?.1,
            // A place in a list, or the end of the observation.
            '[' if colon => {
                let Some(end) = text[at..].find(']') else { return Err("`[` is not closed".into()) };
                at += end + 1;
            }
            _ if character.is_ascii_alphanumeric() || matches!(character, '-' | '+' | '_' | '.' | ':') => at += 1,
            _ => break,
        }
    }
    let found = &text[..at];
    let token = match found.contains(':') {
        true => Token::Path(found.to_owned()),
        false => Token::Word(found.to_owned()),
    };
    Ok((token, at))
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is_word(&self, wanted: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted))
    }

    fn word(&mut self, wanted: &str) -> bool {
        let is = self.is_word(wanted);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, token: &Token) -> Result<(), String> {
        match self.next() {
            Some(found) if found == *token => Ok(()),
            Some(found) => Err(format!("`{}` is expected, not `{}`", token.words(), found.words())),
            None => Err(format!("`{}` is missing at the end", token.words())),
        }
    }

    fn deeper<T>(&mut self, with: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("it is nested deeper than {DEEPEST}"));
        }
        let made = with(self);
        self.depth -= 1;
        made
    }

    fn observations(&mut self) -> Result<Meaning, String> {
        let mut meaning = self.observations_and()?;
        loop {
            if self.word("OR") {
                meaning = meaning.or(self.observations_and()?);
            } else if self.word("FOLLOWEDBY") {
                self.observations_and()?;
                meaning = Meaning::none("FOLLOWEDBY: no single indicator says an order");
            } else {
                return Ok(meaning);
            }
        }
    }

    fn observations_and(&mut self) -> Result<Meaning, String> {
        let mut meaning = self.observation()?;
        while self.word("AND") {
            self.observation()?;
            meaning = Meaning::none("AND between observations: no single indicator says both");
        }
        Ok(meaning)
    }

    fn observation(&mut self) -> Result<Meaning, String> {
        let mut meaning = match self.next() {
            Some(Token::Open) => {
                let meaning = self.deeper(Self::comparisons)?;
                self.expect(&Token::Close)?;
                meaning
            }
            Some(Token::ParenOpen) => {
                let meaning = self.deeper(Self::observations)?;
                self.expect(&Token::ParenClose)?;
                meaning
            }
            Some(other) => return Err(format!("`[` is expected, not `{}`", other.words())),
            None => return Err("it ends where `[` is expected".into()),
        };
        while let Some(Token::Word(word)) = self.peek() {
            match word.to_ascii_uppercase().as_str() {
                "WITHIN" => {
                    self.at += 3;
                }
                "START" => {
                    self.at += 4;
                    meaning = Meaning::none("START: no single indicator says when it was observed");
                }
                "REPEATS" => {
                    self.at += 1;
                    let once = self.word("1");
                    self.at += usize::from(!once) + 1;
                    if !once {
                        meaning = Meaning::none("REPEATS: no single indicator says how often");
                    }
                }
                _ => break,
            }
        }
        match self.at > self.tokens.len() {
            true => Err("a qualifier is cut off".into()),
            false => Ok(meaning),
        }
    }

    fn comparisons(&mut self) -> Result<Meaning, String> {
        let mut meaning = self.comparisons_and()?;
        while self.word("OR") {
            meaning = meaning.or(self.comparisons_and()?);
            if let Meaning::Any(taken) = &meaning
                && taken.indicators.len() > MOST
            {
                return Err(format!("it has more than {MOST} alternatives"));
            }
        }
        Ok(meaning)
    }

    fn comparisons_and(&mut self) -> Result<Meaning, String> {
        let mut meaning = self.comparison()?;
        while self.word("AND") {
            meaning = meaning.and(self.comparison()?);
        }
        Ok(meaning)
    }

    fn comparison(&mut self) -> Result<Meaning, String> {
        match self.next() {
            Some(Token::ParenOpen) => {
                let meaning = self.deeper(Self::comparisons)?;
                self.expect(&Token::ParenClose)?;
                Ok(meaning)
            }
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("EXISTS") => match self.next() {
                Some(Token::Path(path)) => Ok(Meaning::none(format!("EXISTS {path}: says no value"))),
                _ => Err("EXISTS is not followed by a path".into()),
            },
            Some(Token::Path(path)) => self.test(&path),
            Some(other) => Err(format!("a path such as ipv4-addr:value is expected, not `{}`", other.words())),
            None => Err("it ends where a path is expected".into()),
        }
    }

    fn test(&mut self, path: &str) -> Result<Meaning, String> {
        let not = self.word("NOT");
        let sign = match self.next() {
            Some(Token::Sign(sign)) => sign.to_owned(),
            Some(Token::Word(word)) => word.to_ascii_uppercase(),
            _ => return Err(format!("an operator is expected behind {path}")),
        };
        let mut values = Vec::new();
        if sign == "IN" {
            self.expect(&Token::ParenOpen)?;
            loop {
                values.push(self.value()?);
                match self.next() {
                    Some(Token::Comma) => {}
                    Some(Token::ParenClose) => break,
                    _ => return Err("a list of IN is not closed".into()),
                }
                if values.len() > MOST {
                    return Err(format!("a list of IN has more than {MOST} values"));
                }
            }
        } else {
            values.push(self.value()?);
        }
        let Some(what) = object(path) else {
            return Ok(Meaning::none(format!("{path}: nothing that is looked for")));
        };
        if not || sign == "!=" {
            return Ok(Meaning::none(format!("{path}: no indicator says what is not")));
        }
        if what == Object::Type {
            return Ok(Meaning::Hold);
        }
        let wild = |value: &Option<String>| value.as_ref().is_some_and(|value| value.contains(['%', '_']));
        match sign.as_str() {
            "=" | "IN" | "ISSUBSET" => {}
            "LIKE" if !values.iter().any(wild) => {}
            "LIKE" | "MATCHES" => {
                return Ok(Meaning::none(format!("{path} {sign}: patterns of text are not looked for")));
            }
            "ISSUPERSET" | "<" | ">" | "<=" | ">=" => {
                return Ok(Meaning::none(format!("{path} {sign}: no indicator says that")));
            }
            _ => return Err(format!("`{sign}` is no operator")),
        }
        let mut meaning = Taken::default();
        for value in values {
            let Some(value) = value else {
                meaning.left_out.push(format!("{path}: the value is no text"));
                continue;
            };
            match Indicator::parse(&value) {
                Ok(indicator) if what.kinds().contains(&indicator.kind) => meaning.indicators.push(indicator),
                Ok(indicator) => {
                    meaning.left_out.push(format!("{path}: `{value}` is of kind {}", indicator.kind.as_str()));
                }
                Err(why) => meaning.left_out.push(format!("{path}: `{value}`: {why}")),
            }
        }
        Ok(Meaning::Any(meaning))
    }

    /// A literal; nothing where it is no text.
    fn value(&mut self) -> Result<Option<String>, String> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Some(text)),
            Some(Token::Other(_) | Token::Word(_)) => Ok(None),
            Some(other) => Err(format!("a value is expected, not `{}`", other.words())),
            None => Err("it ends where a value is expected".into()),
        }
    }
}

/// What a path is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Object {
    Address,
    Domain,
    Url,
    Mail,
    Hash,
    /// Either end of traffic, or what a name stands for.
    Host,
    /// The type of what a reference leads to.
    Type,
}

impl Object {
    fn kinds(self) -> &'static [IndicatorKind] {
        match self {
            Object::Address => &[IndicatorKind::Address, IndicatorKind::Cidr],
            Object::Domain => &[IndicatorKind::Domain],
            Object::Url => &[IndicatorKind::Url, IndicatorKind::Domain, IndicatorKind::Address],
            Object::Mail => &[IndicatorKind::Mail],
            Object::Hash => &[IndicatorKind::Hash],
            Object::Host => &[IndicatorKind::Address, IndicatorKind::Cidr, IndicatorKind::Domain],
            Object::Type => &[],
        }
    }
}

fn object(path: &str) -> Option<Object> {
    let (kind, rest) = path.split_once(':')?;
    let plain: String = rest.chars().filter(|character| !matches!(character, '\'' | '"' | '-' | '_')).collect();
    let plain = plain.to_ascii_lowercase();
    Some(match (kind, plain.as_str()) {
        ("ipv4-addr" | "ipv6-addr", "value") => Object::Address,
        ("domain-name", "value") => Object::Domain,
        ("url", "value") => Object::Url,
        ("email-addr", "value") => Object::Mail,
        ("email-message", "fromref.value" | "senderref.value" | "torefs[*].value") => Object::Mail,
        ("network-traffic", "srcref.value" | "dstref.value") => Object::Host,
        ("network-traffic", "srcref.type" | "dstref.type") => Object::Type,
        ("file" | "artifact", hash) => match hash.strip_prefix("hashes.")? {
            "md5" | "sha1" | "sha256" => Object::Hash,
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pattern: &str) -> Vec<String> {
        let taken = read(pattern).unwrap();
        taken.indicators.iter().map(|indicator| indicator.value.to_string()).collect()
    }

    fn left_out(pattern: &str) -> String {
        let taken = read(pattern).unwrap();
        assert!(taken.indicators.is_empty(), "{pattern}");
        taken.left_out.join("; ")
    }

    #[test]
    fn patterns_that_one_indicator_or_several_say_are_taken() {
        let md5 = "d41d8cd98f00b204e9800998ecf8427f";
        for (pattern, expected) in [
            ("[ipv4-addr:value = '198.51.100.3']", vec!["198.51.100.3"]),
            ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", vec!["198.51.100.0/24"]),
            (
                "[ipv4-addr:value = '198.51.100.0/24' OR ipv6-addr:value='2001:db8::1']",
                vec!["198.51.100.0/24", "2001:db8::1"],
            ),
            ("[domain-name:value IN ('a.example', 'b.example')]", vec!["a.example", "b.example"]),
            ("[url:value = 'http://a.example/it\\'s']", vec!["a.example/it's"]),
            ("[ email-addr:value = 'Eve@A.example' ]", vec!["eve@a.example"]),
            (&format!("[file:hashes.'MD5' = '{md5}']"), vec![md5]),
            (&format!("[file:hashes.MD5 = '{md5}' AND file:name = 'a.exe']"), vec![md5]),
            (
                &format!(
                    "([file:hashes.\u{27}MD5\u{27} = '{md5}']) OR [domain-name:value='a.example'] WITHIN 5 SECONDS"
                ),
                vec![md5, "a.example"],
            ),
            (
                "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '198.51.100.3']",
                vec!["198.51.100.3"],
            ),
            ("[(domain-name:value = 'a.example' OR url:value = 'b.example/c')]", vec!["a.example", "b.example/c"]),
            ("[domain-name:value LIKE 'a.example']", vec!["a.example"]),
        ] {
            assert_eq!(values(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn what_no_single_indicator_says_is_told() {
        for (pattern, why) in [
            ("[ipv4-addr:value = '1.2.3.4' AND network-traffic:dst_port = 80]", "AND: no single"),
            ("[ipv4-addr:value = '1.2.3.4'] AND [domain-name:value = 'a.example']", "AND between observations"),
            ("[ipv4-addr:value = '1.2.3.4'] FOLLOWEDBY [domain-name:value = 'a.example']", "FOLLOWEDBY"),
            ("[ipv4-addr:value = '1.2.3.4'] REPEATS 5 TIMES WITHIN 60 SECONDS", "REPEATS"),
            ("[ipv4-addr:value != '1.2.3.4']", "what is not"),
            ("[ipv4-addr:value NOT IN ('1.2.3.4')]", "what is not"),
            ("[domain-name:value LIKE '%.example']", "patterns of text"),
            ("[url:value MATCHES '^http']", "patterns of text"),
            ("[windows-registry-key:key = 'HKLM']", "nothing that is looked for"),
            ("[ipv4-addr:value = 'x y']", "no address"),
            ("[EXISTS ipv4-addr:value]", "says no value"),
        ] {
            let told = left_out(pattern);
            assert!(told.contains(why), "{pattern}: {told}");
        }
        let part = read("[domain-name:value = 'a.example' OR process:name = 'x']").unwrap();
        assert_eq!((part.indicators.len(), part.left_out.len()), (1, 1));
    }

    #[test]
    fn broken_patterns_are_refused_and_never_panic() {
        for broken in [
            "",
            "[",
            "[]",
            "x",
            "[ipv4-addr:value = '1.2.3.4'",
            "[ipv4-addr:value '1']",
            "[ipv4-addr:value = 'a",
            "[ipv4-addr:value = '1.2.3.4'] garbage",
            "[a:b IN ('x'",
            "[a:b[ = 'x']",
            "[ipv4-addr:value = '1'] WITHIN",
            &"(".repeat(500),
            &format!("[{}", "(".repeat(500)),
        ] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }
}

//! How deep a program nests, told from its text: compiler and runtime walk a program by calling themselves, so that one
//! of `!!!!..` or `a + a + a + ..` without end would end the process.

/// The deepest a program may nest.
pub const MOST: usize = 100;

/// At least as deep as the program nests: the brackets around a place, and the operators, dots and words `else` before it
/// in its own statement and in those around it.
pub fn of(program: &str) -> usize {
    let bytes = program.as_bytes();
    // For each open bracket the links of the statement in which it stands.
    let mut open = vec![0];
    let (mut sum, mut most, mut at) = (0, 0, 0);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'#' => at += bytes[at..].iter().take_while(|byte| **byte != b'\n').count(),
            b'"' => at = after(bytes, at, b'"'),
            b'\'' if at > 1 && matches!(bytes[at - 2], b'r' | b's' | b't') => at = after(bytes, at, b'\''),
            b'(' | b'[' | b'{' => open.push(0),
            b')' | b']' | b'}' if open.len() > 1 => sum -= open.pop().unwrap_or(0),
            b',' | b';' => sum -= open.last_mut().map_or(0, std::mem::take),
            b'\n' if !goes_on(&bytes[..at], &bytes[at..]) => sum -= open.last_mut().map_or(0, std::mem::take),
            b'e' if bytes[at..].starts_with(b"lse") => link(&mut open, &mut sum),
            b'!' | b'&' | b'|' | b'?' | b'+' | b'-' | b'*' | b'/' | b'=' | b'<' | b'>' | b'.' => {
                link(&mut open, &mut sum)
            }
            _ => {}
        }
        most = most.max(sum + open.len());
    }
    most
}

fn link(open: &mut [usize], sum: &mut usize) {
    if let Some(links) = open.last_mut() {
        *links += 1;
        *sum += 1;
    }
}

/// Behind the quote that ends a text which begins at `from`.
fn after(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        at += if *byte == b'\\' { 2 } else { 1 };
        if *byte == quote {
            break;
        }
    }
    at.min(bytes.len())
}

/// Whether a statement goes on behind the end of a line.
fn goes_on(before: &[u8], behind: &[u8]) -> bool {
    let joins = |byte: Option<&u8>| byte.is_some_and(|byte| b"&|?+-*/=<>!.".contains(byte));
    joins(before.trim_ascii_end().last()) || joins(behind.trim_ascii_start().first().filter(|byte| **byte != b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vrl_program_nests_as_deep_as_its_brackets_and_the_links_before_a_place() {
        assert_eq!(of(".a = 1"), 3);
        assert_eq!(of(".a = 1\n.b = 2\n.c = 3\n"), 3, "each statement begins anew");
        assert_eq!(of("a + b +\nc +\n d + e"), 5);
        assert_eq!(of("a\n|| b\n|| c"), 5);
        assert_eq!(of("f(g(h(1)))"), 4);
        assert_eq!(of("{ \"a\": 1 + 2, \"b\": 3 + 4 }"), 3, "each member begins anew");
        assert_eq!(of("\"...(((!!!\\\"...\" r'((('  # +++++"), 1);
        assert!(of(&"!".repeat(500)) > MOST);
        assert!(of(&format!("if a {{ b }} {}", "else if a { b } ".repeat(500))) > MOST);
        assert!(of(&"if (a) {".repeat(500)) > MOST);
    }
}

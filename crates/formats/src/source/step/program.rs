//! An expression as a program of a backtracking machine: runs of one class know what follows them, and so do branches,
//! so that nearly every expression a person writes goes through a text without ever going back.

use std::sync::Arc;

use aho_corasick::packed;
use memchr::memmem::Finder;
use regex_syntax::hir::literal::{Extractor, Literal};
use regex_syntax::hir::{self, Hir, HirKind, Look};

use super::class::{Class, Seeker, Set, UNBOUNDED};

/// The longest program: repetitions of more than one character are written out.
const MAX_LENGTH: usize = 4096;
/// The most literals to look for at once where an expression may begin.
const MAX_STARTS: usize = 32;

/// An expression that may begin with more bytes than these begins with anything.
const MAX_FIRST: usize = 64;

/// Something the machine does.
#[derive(Debug, Clone, Copy)]
pub enum Instruction {
    Byte(u8),
    /// A part of the program's text.
    Literal {
        from: u32,
        to: u32,
    },
    Class(u16),
    Run(u16),
    /// Goes on at `first`, and where that fails at `second`; each knows by what it may begin.
    Split {
        first: u32,
        second: u32,
        starts: [u16; 2],
    },
    Jump(u32),
    Save(u16),
    Look(Look),
    Match,
}

/// Characters of one class in a row.
#[derive(Debug)]
pub struct Run {
    pub class: Arc<Class>,
    pub min: u32,
    /// How many more than `min` there may be.
    pub more: u32,
    pub way: Way,
    /// What may follow.
    pub follow: Arc<Seeker>,
    /// Where a lazy run may end or must: what may follow, and what is not of the class. Only where the class has all
    /// characters beyond ASCII and no upper limit.
    pub stop: Option<Arc<Seeker>>,
}

/// How a run takes its characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// All there are: nothing it gave back could be followed by what follows.
    Possessive,
    Greedy,
    Lazy,
}

/// Where in a text the expression may begin.
#[derive(Debug)]
pub enum Start {
    /// At the beginning alone.
    Text,
    Literal(Finder<'static>),
    Literals(packed::Searcher),
    First(Arc<Seeker>),
    /// With characters of a class in a row, as many as there are: where it does not fit at the first of a row it fits
    /// at no other of it, for from there it would go on at no other places than it did.
    Row(Arc<Seeker>, Arc<Class>),
}

/// A compiled expression.
#[derive(Debug)]
pub struct Program {
    pub instructions: Box<[Instruction]>,
    pub text: Box<[u8]>,
    pub classes: Box<[Arc<Class>]>,
    pub runs: Box<[Run]>,
    pub sets: Box<[Set]>,
    pub slots: usize,
    pub start: Start,
    /// What it may begin with.
    first: Set,
    /// What it does begin with.
    prefix: Box<[u8]>,
}

/// The expression holds something the machine cannot do.
#[derive(Debug)]
pub struct Unsupported;

impl Program {
    /// Compiles an expression whose captures to keep are `groups`, each by its index; two slots for each.
    pub fn compile(hir: &Hir, groups: &[u32]) -> Result<Program, Unsupported> {
        let mut compiler = Compiler { groups, ..Compiler::default() };
        compiler.emit(hir)?;
        compiler.push(Instruction::Match)?;
        compiler.link();
        let first = compiler.first(0);
        let leading =
            compiler.instructions.iter().find(|one| !matches!(one, Instruction::Save(_) | Instruction::Look(_)));
        let prefix = match leading {
            Some(Instruction::Byte(byte)) => Box::from([*byte]),
            Some(Instruction::Literal { from, to }) => compiler.text[*from as usize..*to as usize].into(),
            _ => Box::default(),
        };
        let start = match (start(hir, first), leading) {
            (Start::First(seeker), Some(Instruction::Run(run))) if compiler.row_begins(*run) => {
                Start::Row(seeker, compiler.runs[usize::from(*run)].class.clone())
            }
            (start, _) => start,
        };
        Ok(Program {
            instructions: compiler.instructions.into(),
            text: compiler.text.into(),
            classes: compiler.classes.into(),
            runs: compiler.runs.into(),
            sets: compiler.sets.into(),
            slots: groups.len() * 2,
            start,
            first,
            prefix,
        })
    }

    /// Whether it may fit a text by how that begins.
    pub fn may_begin(&self, text: &[u8]) -> bool {
        !matches!(self.start, Start::Text) || self.first.at(text, 0) && text.starts_with(&self.prefix)
    }

    /// Whether it looks for this literal first of all.
    pub fn begins_with(&self, literal: &str) -> bool {
        std::str::from_utf8(&self.prefix).is_ok_and(|prefix| prefix.contains(literal))
    }

    /// The bytes a text it fits must begin with; nothing where it may fit anywhere or begin with nearly anything.
    pub fn first_bytes(&self) -> Option<Vec<u8>> {
        let bytes: Vec<u8> = self.first.bytes().collect();
        let few = matches!(self.start, Start::Text) && !self.first.end && (1..=MAX_FIRST).contains(&bytes.len());
        few.then_some(bytes)
    }
}

/// Where an expression may begin that begins with `first`.
fn start(hir: &Hir, first: Set) -> Start {
    if hir.properties().look_set_prefix().contains(Look::Start) {
        return Start::Text;
    }
    let prefixes = Extractor::new().extract(hir);
    let whole = |literal: &Literal| literal.len() >= 2 && std::str::from_utf8(literal.as_bytes()).is_ok();
    match prefixes.literals().filter(|literals| literals.len() <= MAX_STARTS && literals.iter().all(whole)) {
        Some([literal]) => return Start::Literal(Finder::new(literal.as_bytes()).into_owned()),
        Some(literals @ [_, ..]) => {
            if let Some(searcher) = packed::Searcher::new(literals.iter().map(Literal::as_bytes)) {
                return Start::Literals(searcher);
            }
        }
        _ => {}
    }
    Start::First(Seeker::of(first))
}

#[derive(Default)]
struct Compiler<'g> {
    groups: &'g [u32],
    instructions: Vec<Instruction>,
    text: Vec<u8>,
    classes: Vec<Arc<Class>>,
    runs: Vec<Run>,
    sets: Vec<Set>,
    /// What each instruction, or what comes after it where it takes nothing, may begin with.
    firsts: Vec<Option<Set>>,
}

impl Compiler<'_> {
    fn push(&mut self, instruction: Instruction) -> Result<usize, Unsupported> {
        if self.instructions.len() >= MAX_LENGTH {
            return Err(Unsupported);
        }
        self.instructions.push(instruction);
        Ok(self.instructions.len() - 1)
    }

    /// Where the next instruction will be.
    fn here(&self) -> u32 {
        self.instructions.len() as u32
    }

    /// A branch whose ways are told later.
    fn branch(&mut self) -> Result<usize, Unsupported> {
        self.push(Instruction::Split { first: 0, second: 0, starts: [0; 2] })
    }

    /// Tells a branch where to go: into what it repeats or past it, which of them first.
    fn direct(&mut self, branch: usize, into: u32, past: u32, greedy: bool) {
        let (first, second) = if greedy { (into, past) } else { (past, into) };
        self.instructions[branch] = Instruction::Split { first, second, starts: [0; 2] };
    }

    fn emit(&mut self, hir: &Hir) -> Result<(), Unsupported> {
        match hir.kind() {
            HirKind::Empty => Ok(()),
            HirKind::Literal(literal) => self.literal(&literal.0),
            HirKind::Class(_) => {
                let class = class_of(hir).ok_or(Unsupported)?;
                self.classes.push(class);
                self.push(Instruction::Class((self.classes.len() - 1) as u16)).map(drop)
            }
            HirKind::Look(Look::StartCRLF | Look::EndCRLF) => Err(Unsupported),
            HirKind::Look(look) => self.push(Instruction::Look(*look)).map(drop),
            HirKind::Repetition(repetition) => self.repetition(repetition),
            HirKind::Capture(capture) => match self.groups.iter().position(|group| *group == capture.index) {
                None => self.emit(&capture.sub),
                Some(index) => {
                    self.push(Instruction::Save(index as u16 * 2))?;
                    self.emit(&capture.sub)?;
                    self.push(Instruction::Save(index as u16 * 2 + 1)).map(drop)
                }
            },
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.emit(part)),
            HirKind::Alternation(parts) => self.alternation(parts),
        }
    }

    fn literal(&mut self, bytes: &[u8]) -> Result<(), Unsupported> {
        if std::str::from_utf8(bytes).is_err() || self.text.len() + bytes.len() > MAX_LENGTH * 16 {
            return Err(Unsupported);
        }
        if let [byte] = bytes {
            return self.push(Instruction::Byte(*byte)).map(drop);
        }
        let from = self.text.len() as u32;
        self.text.extend_from_slice(bytes);
        self.push(Instruction::Literal { from, to: self.text.len() as u32 }).map(drop)
    }

    fn alternation(&mut self, parts: &[Hir]) -> Result<(), Unsupported> {
        let Some((last, others)) = parts.split_last() else { return Ok(()) };
        let mut ends = Vec::with_capacity(others.len());
        for part in others {
            let branch = self.branch()?;
            let into = self.here();
            self.emit(part)?;
            ends.push(self.push(Instruction::Jump(0))?);
            self.direct(branch, into, self.here(), true);
        }
        self.emit(last)?;
        for end in ends {
            self.instructions[end] = Instruction::Jump(self.here());
        }
        Ok(())
    }

    fn repetition(&mut self, repetition: &hir::Repetition) -> Result<(), Unsupported> {
        let hir::Repetition { min, max, greedy, sub } = repetition;
        if let Some(class) = class_of(sub) {
            return self.run(class, *min, *max, *greedy);
        }
        if max.is_none() && sub.properties().minimum_len().is_none_or(|least| least == 0) {
            return Err(Unsupported);
        }
        for _ in 1..*min {
            self.emit(sub)?;
        }
        match max {
            None if *min == 0 => {
                let branch = self.branch()?;
                let into = self.here();
                self.emit(sub)?;
                self.push(Instruction::Jump(branch as u32))?;
                self.direct(branch, into, self.here(), *greedy);
            }
            None => {
                let into = self.here();
                self.emit(sub)?;
                let branch = self.branch()?;
                self.direct(branch, into, self.here(), *greedy);
            }
            Some(max) => {
                if *min > 0 {
                    self.emit(sub)?;
                }
                let mut branches = Vec::new();
                for _ in *min..*max {
                    let branch = self.branch()?;
                    branches.push((branch, self.here()));
                    self.emit(sub)?;
                }
                for (branch, into) in branches {
                    self.direct(branch, into, self.here(), *greedy);
                }
            }
        }
        Ok(())
    }

    fn run(&mut self, class: Arc<Class>, min: u32, max: Option<u32>, greedy: bool) -> Result<(), Unsupported> {
        let more = max.map_or(UNBOUNDED, |max| max.saturating_sub(min));
        let way = if greedy { Way::Greedy } else { Way::Lazy };
        self.runs.push(Run { class, min, more, way, follow: Seeker::of(Set::every()), stop: None });
        self.push(Instruction::Run((self.runs.len() - 1) as u16)).map(drop)
    }

    /// Whether the program begins with this run, which may take as many characters as there are.
    fn row_begins(&self, run: u16) -> bool {
        let first = self.instructions.iter().find(|one| !matches!(one, Instruction::Save(_)));
        matches!(first, Some(Instruction::Run(_))) && self.runs[usize::from(run)].more == UNBOUNDED
    }

    /// Tells runs and branches what follows them.
    fn link(&mut self) {
        self.firsts = vec![None; self.instructions.len()];
        for at in 0..self.instructions.len() {
            match self.instructions[at] {
                Instruction::Split { first, second, .. } => {
                    let starts = [first, second].map(|to| self.first(to as usize));
                    let starts = starts.map(|set| self.set(set));
                    self.instructions[at] = Instruction::Split { first, second, starts };
                }
                Instruction::Run(index) => {
                    let follow = self.first(at + 1);
                    let run = &mut self.runs[usize::from(index)];
                    run.follow = Seeker::of(follow);
                    if run.more == 0 || !run.class.lead.meets(&follow) {
                        run.way = Way::Possessive;
                    } else if run.way == Way::Lazy && run.more == UNBOUNDED && run.class.is_wide() {
                        let mut stop = follow;
                        stop.unite(run.class.outside());
                        run.stop = Some(Seeker::of(stop));
                    }
                }
                _ => {}
            }
        }
    }

    /// The number of a set.
    fn set(&mut self, set: Set) -> u16 {
        let index = self.sets.iter().position(|known| *known == set).unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        index as u16
    }

    /// What a text may begin with for the program to go on from this instruction. It comes to an end: nothing that may
    /// be empty is repeated without limit.
    fn first(&mut self, at: usize) -> Set {
        if let Some(known) = self.firsts[at] {
            return known;
        }
        let set = match self.instructions[at] {
            Instruction::Byte(byte) => only(byte),
            Instruction::Literal { from, .. } => only(self.text[from as usize]),
            Instruction::Class(class) => self.classes[usize::from(class)].lead,
            Instruction::Run(run) => {
                let Run { class, min, .. } = &self.runs[usize::from(run)];
                let (mut set, min) = (class.lead, *min);
                if min == 0 {
                    set.unite(&self.first(at + 1));
                }
                set
            }
            Instruction::Split { first, second, .. } => {
                let mut set = self.first(first as usize);
                set.unite(&self.first(second as usize));
                set
            }
            Instruction::Jump(to) => self.first(to as usize),
            Instruction::Look(Look::End) => Set::end(),
            Instruction::Save(_) | Instruction::Look(_) => self.first(at + 1),
            Instruction::Match => Set::every(),
        };
        self.firsts[at] = Some(set);
        set
    }
}

fn only(byte: u8) -> Set {
    let mut set = Set::default();
    set.insert(byte);
    set
}

/// The class of an expression that is always one character.
fn class_of(hir: &Hir) -> Option<Arc<Class>> {
    match hir.kind() {
        HirKind::Class(hir::Class::Unicode(class)) => {
            Some(Class::of(class.ranges().iter().map(|range| (range.start(), range.end())).collect()))
        }
        HirKind::Class(hir::Class::Bytes(class)) => {
            let range = |range: &hir::ClassBytesRange| (char::from(range.start()), char::from(range.end()));
            class.is_ascii().then(|| Class::of(class.ranges().iter().map(range).collect()))
        }
        HirKind::Literal(literal) => {
            let mut chars = std::str::from_utf8(&literal.0).ok()?.chars();
            let char = chars.next().filter(|_| chars.as_str().is_empty())?;
            Some(Class::of(vec![(char, char)]))
        }
        _ => None,
    }
}

//! Which SQL texts may run at all, decided on the parsed text before anything else sees it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, ObjectName, Query, Select, SetExpr, Spanned, Statement, TableFactor, Visit, Visitor,
};
use datafusion::sql::sqlparser::dialect::{Dialect, GenericDialect};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, Tokenizer};

use crate::error::{Error, Result};

/// The only relation there is.
pub(super) const EVENTS: &str = "events";

/// Longer texts are refused.
const LONGEST: usize = 20_000;

/// How deep expressions and queries may nest.
const DEEPEST: usize = 40;

/// Words and signs a text may have: a chain of operators is as deep a tree as it is long.
const MOST: usize = 2_000;

/// A text that may run.
#[derive(Debug)]
pub(super) struct Asked {
    pub statement: Statement,
    /// Every word in it that could be a column's name.
    pub words: BTreeSet<String>,
    /// Whether it asks for all columns.
    pub wildcard: bool,
}

/// Parses and checks a text.
pub(super) fn check(text: &str) -> Result<Asked> {
    if text.chars().count() > LONGEST {
        return Err(wrong(Location::new(1, 1), format!("an SQL text has at most {LONGEST} characters")));
    }
    let dialect = GenericDialect {};
    let Words { words, wildcard, second } = words(&dialect, text)?;
    let parsed = Parser::new(&dialect).with_recursion_limit(DEEPEST).try_with_sql(text);
    let statements =
        parsed.and_then(|mut parser| parser.parse_statements()).map_err(|error| unreadable(error, text))?;
    let mut statements = statements.into_iter();
    let statement = statements.next().ok_or_else(|| wrong(Location::new(1, 1), "expected a SELECT over `events`"))?;
    if let Some(place) = second.or_else(|| statements.next().map(|second| second.span().start)) {
        return Err(wrong(place, "expected the end: one SELECT at a time"));
    }
    let Statement::Query(query) = &statement else {
        return Err(wrong(statement.span().start, "expected a SELECT over `events`; nothing else is possible here"));
    };
    let mut named = BTreeSet::from([EVENTS.to_owned()]);
    let mut names = Names(&mut named);
    let _ = query.visit(&mut names);
    match query.visit(&mut Guard { known: &named }) {
        ControlFlow::Break((place, problem)) => Err(wrong(place, problem)),
        ControlFlow::Continue(()) => Ok(Asked { statement, words, wildcard }),
    }
}

pub(super) fn wrong(place: Location, problem: impl Into<String>) -> Error {
    Error::Sql { line: place.line.max(1), column: place.column.max(1), problem: problem.into() }
}

/// What the tokens of a text tell.
struct Words {
    words: BTreeSet<String>,
    /// Whether a `*` stands that is no `count(*)`.
    wildcard: bool,
    /// Where a second statement begins.
    second: Option<Location>,
}

fn words(dialect: &dyn Dialect, text: &str) -> Result<Words> {
    let tokens = Tokenizer::new(dialect, text).tokenize_with_location();
    let tokens = tokens.map_err(|error| wrong(error.location, error.message))?;
    let spaced = |token: &Token| matches!(token, Token::Whitespace(_));
    let mut ended =
        tokens.iter().filter(|token| !spaced(&token.token)).skip_while(|token| token.token != Token::SemiColon);
    let second = ended.find(|token| token.token != Token::SemiColon).map(|token| token.span.start);
    let tokens: Vec<&Token> =
        tokens.iter().map(|token| &token.token).filter(|token| !matches!(token, Token::Whitespace(_))).collect();
    if tokens.len() > MOST {
        return Err(wrong(Location::new(1, 1), format!("an SQL text has at most {MOST} words and signs")));
    }
    let mut words = BTreeSet::new();
    let mut wildcard = false;
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Word(word) => _ = words.insert(word.value.clone()),
            Token::Mul => {
                let counts = place > 0
                    && matches!(tokens[place - 1], Token::LParen)
                    && matches!(tokens.get(place + 1), Some(Token::RParen));
                wildcard |= !counts;
            }
            _ => {}
        }
    }
    Ok(Words { words, wildcard, second })
}

/// The parser says the place at the end of its message, "..., found: x at Line: 1, Column: 5", unless that is the end.
fn unreadable(error: ParserError, text: &str) -> Error {
    let (ParserError::ParserError(message) | ParserError::TokenizerError(message)) = error else {
        return wrong(Location::new(1, 1), format!("expressions nest at most {DEEPEST} deep"));
    };
    let place = message.rsplit_once(" at Line: ").and_then(|(problem, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some((problem.to_owned(), Location::new(line.trim().parse().ok()?, column.trim().parse().ok()?)))
    });
    let end = || {
        let last = text.lines().last().unwrap_or_default();
        Location::new(text.lines().count().max(1) as u64, last.chars().count() as u64 + 1)
    };
    let (problem, place) = place.unwrap_or_else(|| (message, end()));
    wrong(place, problem)
}

/// Collects the names that WITH gives to queries.
struct Names<'n>(&'n mut BTreeSet<String>);

impl Visitor for Names<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.0.insert(table.alias.name.value.to_lowercase());
        }
        ControlFlow::Continue(())
    }
}

/// Stops at the first thing that is more than a query over what is known.
struct Guard<'n> {
    known: &'n BTreeSet<String>,
}

type Verdict = ControlFlow<(Location, String)>;

fn refuse(place: Span, problem: &str) -> Verdict {
    ControlFlow::Break((place.start, problem.to_owned()))
}

impl Visitor for Guard<'_> {
    type Break = (Location, String);

    fn pre_visit_query(&mut self, query: &Query) -> Verdict {
        if query.with.as_ref().is_some_and(|with| with.recursive) {
            return refuse(query.span(), "WITH RECURSIVE is not possible here");
        }
        if !query.locks.is_empty()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || query.for_clause.is_some()
        {
            return refuse(query.span(), "expected a plain SELECT, without locks, settings or formats");
        }
        if !query.pipe_operators.is_empty() {
            return refuse(query.span(), "expected a plain SELECT");
        }
        body(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> Verdict {
        if select.into.is_some() {
            return refuse(select.span(), "SELECT INTO is not possible here");
        }
        Verdict::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> Verdict {
        let name = match relation.0.as_slice() {
            [part] => part.as_ident().map(|name| name.value.to_lowercase()),
            _ => None,
        };
        if name.is_some_and(|name| self.known.contains(&name)) {
            return Verdict::Continue(());
        }
        refuse(relation.span(), &format!("there is no relation `{relation}`; the only one is `events`"))
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Verdict {
        match factor {
            TableFactor::Table { args: None, sample: None, version: None, .. }
            | TableFactor::Derived { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::NestedJoin { .. } => Verdict::Continue(()),
            other => {
                refuse(other.span(), "expected `events`, a query in parentheses or UNNEST; no functions stand here")
            }
        }
    }

    fn pre_visit_expr(&mut self, _: &Expr) -> Verdict {
        Verdict::Continue(())
    }
}

fn body(set: &SetExpr) -> Verdict {
    match set {
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => Verdict::Continue(()),
        SetExpr::SetOperation { left, right, .. } => {
            body(left)?;
            body(right)
        }
        other => refuse(other.span(), "expected a SELECT over `events`; nothing else is possible here"),
    }
}

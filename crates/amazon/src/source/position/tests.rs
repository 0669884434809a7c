use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// A service in miniature: nodes in the order of their date, and how it answers questions.
struct Service {
    nodes: Vec<(String, String)>,
    tokens: bool,
    /// Tokens die after this many uses in a row.
    token_uses: Option<u32>,
    /// Nodes that a page has less than asked for.
    short_by: u16,
}

impl Service {
    fn new(dates: &[u32]) -> Self {
        let mut dates = dates.to_vec();
        dates.sort_unstable();
        let node = |(index, second): (usize, &u32)| {
            (
                format!("n{index}"),
                format!(
                    "2024-01-01T{:02}:{:02}:{:02}.000Z",
                    second / 3600,
                    second / 60 % 60,
                    second % 60
                ),
            )
        };
        Self {
            nodes: dates.iter().enumerate().map(node).collect(),
            tokens: true,
            token_uses: None,
            short_by: 0,
        }
    }

    fn answer(&self, asked: &Asked) -> NodePage {
        let matching: Vec<_> = self
            .nodes
            .iter()
            .filter(|(_, date)| asked.from.as_ref().is_none_or(|from| date >= from))
            .collect();
        let start = match &asked.start {
            Start::Beginning => 0,
            Start::Token(token) => token.parse().unwrap(),
            Start::Offset(offset) => usize::try_from(*offset).unwrap(),
        };
        assert!(
            start as u64 + u64::from(asked.limit) <= WINDOW || !matches!(asked.start, Start::Offset(_)),
            "{asked:?}"
        );
        let size = usize::from(asked.limit.saturating_sub(self.short_by).max(1));
        let data: Vec<Value> = matching
            .iter()
            .skip(start)
            .take(size)
            .map(|(id, date)| json!({"id": id, "createdDate": date}))
            .collect();
        let end = start + data.len();
        let gives_token = self.tokens && end < matching.len() && !matches!(asked.start, Start::Offset(_));
        NodePage::from_value(json!({
            "count": matching.len(), "data": data, "nextToken": gives_token.then(|| end.to_string()),
        }))
        .unwrap()
    }

    /// Walks to the end and returns every id in the order in which it came. With `forget`, each page begins in a new
    /// process that has only the durable position.
    fn walk(&self, limit: u16, forget: bool) -> Vec<String> {
        let until: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
        let mut position = Position::new(until);
        let mut token: Option<Token> = None;
        let mut uses = 0;
        let mut ids = Vec::new();
        for _ in 0..100_000 {
            let usable = token
                .take()
                .filter(|_| !forget && self.token_uses.is_none_or(|most| uses < most));
            let asked = match usable {
                Some(token) => {
                    uses += 1;
                    Asked {
                        from: token.from,
                        start: Start::Token(token.token),
                        before: token.before,
                        limit,
                    }
                }
                None => {
                    uses = 0;
                    position.ask(limit).unwrap()
                }
            };
            let advance = position.advance(&asked, self.answer(&asked)).unwrap();
            ids.extend(advance.fresh.into_iter().map(|node| node.unwrap().id));
            let cursor = position.cursor(None);
            position = Position::read(&cursor, until).unwrap().0;
            match advance.next {
                Next::Token(next) => token = Some(next),
                Next::Position => {}
                Next::End => return ids,
            }
        }
        panic!("the walk does not end");
    }

    fn all(&self) -> Vec<String> {
        self.nodes.iter().map(|(id, _)| id.clone()).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn every_node_comes_exactly_once_whatever_the_service_does(
        dates in prop::collection::vec(0_u32..12, 0..60),
        limit in 1_u16..12,
        tokens: bool,
        token_uses in prop::option::of(0_u32..4),
        short_by in 0_u16..3,
        forget: bool,
    ) {
        let service = Service { tokens, token_uses, short_by, ..Service::new(&dates) };
        prop_assert_eq!(service.walk(limit, forget), service.all());
    }
}

#[test]
fn more_nodes_of_one_instant_than_a_page_do_not_loop_or_get_lost() {
    let service = Service {
        tokens: false,
        ..Service::new(&[[7; 950].as_slice(), &[8; 3]].concat())
    };
    assert_eq!(service.walk(200, true), service.all());
}

#[test]
fn the_position_stays_small_and_re_lists_one_page_at_most() {
    let service = Service::new(&[7; 5000]);
    let mut position = Position::new("2025-01-01T00:00:00Z".parse().unwrap());
    let mut asked = position.ask(200).unwrap();
    for _ in 0..10 {
        let Next::Token(token) = position.advance(&asked, service.answer(&asked)).unwrap().next else {
            panic!("no token")
        };
        asked = Asked {
            from: token.from,
            start: Start::Token(token.token),
            before: token.before,
            limit: 200,
        };
    }
    assert_eq!((position.passed, position.seen.len()), (2000, 200));
    let resumed = position.ask(200).unwrap();
    assert_eq!(resumed.start, Start::Offset(1950));
    let advance = position.advance(&resumed, service.answer(&resumed)).unwrap();
    assert_eq!(advance.fresh.len(), 150);
}

#[test]
fn inside_an_instant_beyond_the_window_only_tokens_lead_on() {
    let service = Service::new(&[7; 12_000]);
    assert_eq!(service.walk(200, false), service.all());
    let mut position = Position::new("2025-01-01T00:00:00Z".parse().unwrap());
    (position.from, position.at_instant) = (Some(service.nodes[0].1.clone()), 9_990);
    let asked = position.ask(200).unwrap();
    assert_eq!((asked.start, asked.before), (Start::Beginning, 0));
}

fn page(dates: &[&str], token: Option<&str>, count: u64) -> NodePage {
    let data: Vec<Value> = dates
        .iter()
        .enumerate()
        .map(|(index, date)| json!({"id": format!("{date}{index}"), "createdDate": date}))
        .collect();
    NodePage::from_value(json!({"count": count, "data": data, "nextToken": token})).unwrap()
}

#[test]
fn a_repeated_token_and_a_repeated_page_do_not_loop() {
    let mut position = Position::new("2025-01-01T00:00:00Z".parse().unwrap());
    let first = position.ask(2).unwrap();
    let dates = ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"];
    assert!(matches!(
        position.advance(&first, page(&dates, Some("t"), 9)).unwrap().next,
        Next::Token(_)
    ));
    let again = Asked {
        from: None,
        start: Start::Token("t".into()),
        before: 2,
        limit: 2,
    };
    assert_eq!(
        position.advance(&again, page(&dates, Some("t"), 9)).unwrap().next,
        Next::Position
    );
    let mut by_position = || {
        let asked = position.ask(2).unwrap();
        position.advance(&asked, page(&dates, None, 9))
    };
    assert_eq!(by_position().unwrap().next, Next::Position);
    let error = by_position().unwrap_err();
    assert!(error.to_string().contains("again and again"), "{error}");
}

#[test]
fn tokens_that_lead_round_in_a_circle_are_left() {
    let mut position = Position::new("2025-01-01T00:00:00Z".parse().unwrap());
    let mut asked = position.ask(2).unwrap();
    let mut pages = 0;
    let left = loop {
        // Three pages that come again and again, each time with a new token.
        let day = pages % 3 * 2 + 1;
        let dates = [
            format!("2024-01-0{day}T00:00:00Z"),
            format!("2024-01-0{}T00:00:00Z", day + 1),
        ];
        let token = format!("t{pages}");
        let answer = page(&[&dates[0], &dates[1]], Some(&token), 6);
        pages += 1;
        assert!(pages < 20, "the walk does not end");
        match position.advance(&asked, answer).unwrap().next {
            Next::Token(next) => {
                asked = Asked {
                    from: next.from,
                    start: Start::Token(next.token),
                    before: next.before,
                    limit: 2,
                };
            }
            next => break next,
        }
    };
    assert_eq!((left, pages), (Next::Position, 7));
    let asked = position.ask(2).unwrap();
    assert_eq!(asked.from.as_deref(), Some("2024-01-06T00:00:00Z"));
    let answer = page(&["2024-01-06T00:00:00Z"], None, 1);
    assert_eq!(position.advance(&asked, answer).unwrap().next, Next::End);
}

#[test]
fn an_empty_page_that_promises_more_is_asked_for_again_but_not_for_ever() {
    let mut position = Position::new("2025-01-01T00:00:00Z".parse().unwrap());
    let mut asks = 0;
    loop {
        asks += 1;
        let asked = position.ask(2).unwrap();
        match position.advance(&asked, page(&[], None, 9)).unwrap().next {
            Next::Position => {}
            next => break assert_eq!(next, Next::End),
        }
    }
    assert_eq!(asks, u32::from(IDLE_PAGES_MAX));
    let mut position = Position::new("2025-01-01T00:00:00Z".parse().unwrap());
    let asked = position.ask(2).unwrap();
    assert_eq!(position.advance(&asked, page(&[], None, 0)).unwrap().next, Next::End);
}

#[test]
fn an_unsorted_listing_is_never_resumed_from_the_middle() {
    let mut position = Position::new("2025-01-01T00:00:00Z".parse().unwrap());
    let asked = position.ask(200).unwrap();
    let dates = [
        "2024-01-04T00:00:00Z",
        "2024-01-03T00:00:00Z",
        "2024-01-02T00:00:00Z",
        "2024-01-01T00:00:00Z",
    ];
    let next = position.advance(&asked, page(&dates, Some("t"), 9)).unwrap().next;
    assert!(matches!(next, Next::Token(_)));
    assert_eq!(position.ask(200).unwrap().from, None);
    let mut position = Position::new("2025-01-01T00:00:00Z".parse().unwrap());
    assert!(position.advance(&asked, page(&dates, None, 9)).is_err());
}

#[test]
fn odd_dates_do_not_move_the_place() {
    let mut position = Position::new("2025-01-01T00:00:00Z".parse().unwrap());
    let asked = position.ask(200).unwrap();
    let mut dates = vec!["2024-01-03T00:00:00Z"; 9];
    dates.extend([
        "2016-02-29T23:59:59Z",
        "2999-01-01T00:00:00Z",
        "soon",
        "2024-01-05T00:00:00Z",
    ]);
    assert_eq!(
        position.advance(&asked, page(&dates, None, 13)).unwrap().next,
        Next::End
    );
    assert_eq!(position.ask(200).unwrap().from.as_deref(), Some("2024-01-05T00:00:00Z"));
}

#[test]
fn an_expired_token_is_not_handed_out_and_a_foreign_cursor_is_refused() {
    let until: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
    let token = Token {
        token: "t".into(),
        from: None,
        before: 3,
    };
    let cursor = Position::new(until).cursor(Some((&token, until)));
    assert_eq!(
        Position::read(&cursor, "2024-12-31T23:59:59Z".parse().unwrap())
            .unwrap()
            .1,
        Some(token)
    );
    assert_eq!(Position::read(&cursor, until).unwrap().1, None);
    let foreign = Cursor {
        resume: json!({"page": 3}),
        fast: None,
        fast_until: None,
    };
    assert!(Position::read(&foreign, until).is_err());
}

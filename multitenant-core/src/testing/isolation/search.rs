use std::time::Duration;

use super::Isolation;
use super::application::Application;
use super::leak::Leak;
use super::party::Party;
use super::path::masked;
use super::probe::{Probe, Target};
use super::snapshot::{self, Snapshot};
use crate::testing::{Answer, Ask};

/// What an answer may take; beyond it is a stream that does not end by itself.
const DEADLINE: Duration = Duration::from_secs(10);

/// The search for ways from one tenant, the actor, to another, the victim.
pub(super) struct Search<'s, A> {
    app: &'s A,
    targets: Vec<Target>,
    actor: &'s Party,
    victim: &'s Party,
    credentials: Vec<(String, String)>,
    /// A request of the actor's own that is answered for as long as the credentials work.
    control: Option<Ask>,
    known: Snapshot,
    leaks: Vec<Leak>,
}

impl<'s, A: Application> Search<'s, A> {
    pub(super) async fn new(
        how: &'s Isolation<'s, A>,
        actor: &'s Party,
        victim: &'s Party,
    ) -> Self {
        let routes = how.app.routes();
        let kept = routes
            .iter()
            .filter(|route| !how.left_out.contains(&route.path));
        let body = |path: &String| how.bodies.iter().find(|(of, _)| of == path);
        let targets = kept.flat_map(|route| {
            let body = body(&route.path).map_or("{}", |(_, body)| body);
            Target::all_of(route, body)
        });
        let mut targets: Vec<_> = targets.collect();
        // What changes nothing comes first.
        targets.sort_by_key(|target| !target.is_safe());
        Self {
            app: how.app,
            targets,
            actor,
            victim,
            credentials: actor.credentials().await,
            control: None,
            known: snapshot::of(victim).await,
            leaks: Vec::new(),
        }
    }

    pub(super) async fn run(mut self) -> Vec<Leak> {
        self.check_control().await;
        for target in std::mem::take(&mut self.targets) {
            // Made anew each time, since the credentials may be other ones by then.
            let mut tried = 0;
            while let Some(probe) = self.probe(&target, tried) {
                self.try_probe(&target, &probe).await;
                if !target.is_safe() {
                    self.check_unchanged(&target.route()).await;
                    self.check_credentials(&target).await;
                }
                tried += 1;
            }
        }
        self.check_unchanged("").await;
        self.leaks.dedup();
        self.leaks
    }

    fn probe(&self, target: &Target, number: usize) -> Option<Probe> {
        let probes = target.probes(self.actor, &self.credentials, self.victim);
        probes.into_iter().nth(number)
    }

    /// Whether the actor gets anywhere at all, and is shown by what it is to be recognised.
    async fn check_control(&mut self) {
        let own: Vec<_> = self
            .actor
            .ids()
            .iter()
            .chain(self.actor.names())
            .cloned()
            .collect();
        let mut shown = self.actor.marks().next().is_none();
        for target in &self.targets {
            if !target.is_safe() || !target.is_guarded() {
                continue;
            }
            for values in target.template.choices(&own) {
                let ask = target.own(self.actor, &self.credentials, &values);
                let answer = answered(self.app, &ask).await;
                let Some(answer) = answer.filter(|answer| answer.status < 300) else {
                    continue;
                };
                shown |= holds_any(&answer, self.actor.marks(), &[]).is_some();
                self.control.get_or_insert(ask);
            }
        }
        let slug = self.actor.slug();
        if self.control.is_none() {
            self.blame(
                "",
                format!("no route to read from lets {slug} in with its own credentials"),
            );
        } else if !shown {
            self.blame("", format!("no route shows {slug} any of its own ids or marks; name a row that one shows by `id` or `mark`"));
        }
    }

    async fn try_probe(&mut self, target: &Target, probe: &Probe) {
        let Some(answer) = answered(self.app, &probe.ask).await else {
            let why = format!("does not end within {DEADLINE:?}; leave it out by `without`");
            return self.blame_for(target, &probe.ask, why);
        };
        let (actor, victim) = (self.actor.slug(), self.victim.slug());
        if probe.must_be_refused && answer.status < 400 {
            let why = format!("lets {actor} in at {victim}: answered {}", answer.status);
            self.blame_for(target, &probe.ask, why);
        }
        if let Some(mark) = holds_any(&answer, self.victim.marks(), &probe.sent) {
            let why = format!("shows {actor} what is of {victim}: {mark:?}");
            self.blame_for(target, &probe.ask, why);
        }
        let Some(like) = &probe.like else { return };
        let Some(other) = answered(self.app, like).await else {
            return;
        };
        if !are_alike(&answer, &other, probe) {
            let (found, invented) = (answer.status, other.status);
            let why = format!(
                "tells {actor} an id of {victim} from one that nobody has: answered {found}, not {invented} alike"
            );
            self.blame_for(target, &probe.ask, why);
        }
    }

    async fn check_unchanged(&mut self, route: &str) {
        let now = snapshot::of(self.victim).await;
        let changed = snapshot::changed(&self.known, &now);
        if !changed.is_empty() {
            let (actor, victim) = (self.actor.slug(), self.victim.slug());
            let tables = changed.join(", ");
            self.blame(
                route,
                format!("lets {actor} change rows of {victim}, in {tables}"),
            );
            self.known = now;
        }
    }

    /// A request may have ended the actor's own session; then what follows would prove nothing.
    async fn check_credentials(&mut self, target: &Target) {
        let Some(control) = self.control.clone() else {
            return;
        };
        if is_let_in(answered(self.app, &control).await) {
            return;
        }
        if self.actor.can_sign_in_again() {
            return self.sign_in_again(&control).await;
        }
        let why = "ends the session of whoever asks, so what comes after it proves nothing; leave it out by `without`, or say how to sign in again by `signs_in_by`";
        self.control = None;
        self.blame(&target.route(), why.to_owned());
    }

    async fn sign_in_again(&mut self, control: &Ask) {
        self.credentials = self.actor.credentials().await;
        let mut again = Ask::new(control.method(), control.target());
        for (name, value) in self.actor.address().iter().chain(&self.credentials) {
            again = again.header(name, value.as_str());
        }
        self.control = Some(again);
    }

    fn blame_for(&mut self, target: &Target, ask: &Ask, why: String) {
        self.leaks.push(Leak {
            route: target.route(),
            asked: format!("asked {} {}", ask.method(), ask.target()),
            why,
        });
    }

    fn blame(&mut self, route: &str, why: String) {
        let (route, asked) = (route.to_owned(), "all that was tried".to_owned());
        self.leaks.push(Leak { route, asked, why });
    }
}

async fn answered(app: &impl Application, ask: &Ask) -> Option<Answer> {
    let answer = app.answer(ask.clone());
    tokio::time::timeout(DEADLINE, answer).await.ok()
}

fn is_let_in(answer: Option<Answer>) -> bool {
    answer.is_some_and(|answer| answer.status < 300)
}

/// The first of these that stands in an answer and was not part of what was asked.
fn holds_any<'m>(
    answer: &Answer,
    mut marks: impl Iterator<Item = &'m str>,
    sent: &[String],
) -> Option<&'m str> {
    let headers = answer.headers().map(|(_, value)| value.to_owned());
    let texts: Vec<_> = headers.chain([answer.text()]).collect();
    marks.find(|mark| {
        let was_sent = sent.iter().any(|value| value.contains(mark));
        !was_sent && texts.iter().any(|text| text.contains(mark))
    })
}

fn are_alike(one: &Answer, other: &Answer, probe: &Probe) -> bool {
    let masked = |answer: &Answer| masked(&answer.text(), &probe.sent);
    one.status == other.status && (!probe.to_the_byte || masked(one) == masked(other))
}

use super::party::Party;
use super::path::{Template, invented_like};
use crate::gate::{Access, Route};
use crate::testing::Ask;

/// What in a request might be taken for the name of a tenant.
const NAMES: [&str; 6] = [
    "tenant",
    "tenantId",
    "tenant_id",
    "client",
    "clientId",
    "client_id",
];

/// Methods for a route that answers to all.
const OF_ANY: [&str; 2] = ["GET", "POST"];

/// One route under one method.
pub(super) struct Target {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) template: Template,
    pub(super) access: Access,
    pub(super) body: String,
}

/// What is sent in the name of one party to find out whether it reaches another.
pub(super) struct Probe {
    pub(super) ask: Ask,
    pub(super) must_be_refused: bool,
    /// The same with ids that nobody has, which must be answered alike.
    pub(super) like: Option<Ask>,
    /// Whether the bodies must be alike too, and not the statuses alone.
    pub(super) to_the_byte: bool,
    /// The values that stand in the path: an answer may repeat them.
    pub(super) sent: Vec<String>,
}

type Headers = [(String, String)];

impl Target {
    pub(super) fn all_of(route: &Route<String>, body: &str) -> Vec<Self> {
        let any = OF_ANY.map(str::to_owned);
        let methods = match route.methods.as_slice() {
            [] => &any[..],
            methods => methods,
        };
        let target = |method: &String| Self {
            method: method.clone(),
            path: route.path.clone(),
            template: Template::of(&route.path),
            access: route.access,
            body: body.to_owned(),
        };
        methods.iter().map(target).collect()
    }

    pub(super) fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether asking changes nothing (RFC 9110, section 9.2.1).
    pub(super) fn is_safe(&self) -> bool {
        ["GET", "HEAD", "OPTIONS", "TRACE"].contains(&self.method.as_str())
    }

    /// Whether the gate asks who somebody is.
    pub(super) const fn is_guarded(&self) -> bool {
        !matches!(self.access, Access::Public | Access::TenantHint)
    }

    const fn is_staffs(&self) -> bool {
        matches!(self.access, Access::Staff { .. })
    }

    /// The request that a party makes for itself.
    pub(super) fn own(&self, party: &Party, credentials: &Headers, values: &[String]) -> Ask {
        self.ask(values, None, [party.address(), credentials])
    }

    /// Everything that `actor` might try to reach `victim`.
    pub(super) fn probes(
        &self,
        actor: &Party,
        credentials: &Headers,
        victim: &Party,
    ) -> Vec<Probe> {
        if !self.is_guarded() {
            // Whoever names a tenant on such a route may be shown what is public of it.
            let invented = vec![invented_like("x"); self.template.parameters()];
            let ask = self.own(actor, credentials, &invented);
            return vec![self.probe(ask, None, invented)];
        }
        let foreign = |value: &&String| !actor.ids().contains(value);
        let values = victim.ids().iter().chain(victim.names()).filter(foreign);
        let values: Vec<_> = values.cloned().collect();
        let choices = self.template.choices(&values).into_iter();
        choices
            .flat_map(|values| self.probes_with(actor, credentials, victim, &values))
            .collect()
    }

    fn probes_with(
        &self,
        actor: &Party,
        credentials: &Headers,
        victim: &Party,
        values: &[String],
    ) -> Vec<Probe> {
        let at_home = [actor.address(), credentials];
        let invented: Vec<_> = values.iter().map(|value| invented_like(value)).collect();
        let pair = |hint: Option<(&str, &str)>| {
            let like = (!values.is_empty()).then(|| self.ask(&invented, hint, at_home));
            let sent = [values, &invented].concat();
            Probe {
                // What is no id to a route may be refused in words of its own.
                to_the_byte: values.iter().all(|value| victim.ids().contains(value)),
                ..self.probe(self.ask(values, hint, at_home), like, sent)
            }
        };
        let across = self.ask(values, None, [victim.address(), credentials]);
        let across = Probe {
            must_be_refused: true,
            ..self.probe(across, None, values.to_vec())
        };
        let hints = NAMES.iter().flat_map(|name| {
            let of_victim = victim.names().iter();
            of_victim.map(move |value| (*name, value.as_str()))
        });
        let hinted = hints.map(|hint| pair(Some(hint)));
        [across, pair(None)].into_iter().chain(hinted).collect()
    }

    const fn probe(&self, ask: Ask, like: Option<Ask>, sent: Vec<String>) -> Probe {
        Probe {
            ask,
            must_be_refused: self.is_staffs(),
            like,
            to_the_byte: false,
            sent,
        }
    }

    fn ask(&self, values: &[String], hint: Option<(&str, &str)>, headers: [&Headers; 2]) -> Ask {
        let path = self.template.fill(values);
        let target = match hint {
            Some((name, value)) => format!("{path}?{name}={value}"),
            None => path,
        };
        let mut ask = Ask::new(&self.method, target);
        for (name, value) in headers.concat() {
            ask = ask.header(name, value);
        }
        match self.is_safe() {
            true => ask,
            false => ask.json(with_hint(&self.body, hint)),
        }
    }
}

/// A body that names a tenant besides, where it is an object.
fn with_hint(body: &str, hint: Option<(&str, &str)>) -> String {
    let object = serde_json::from_str(body);
    let (Some((name, value)), Ok(serde_json::Value::Object(mut object))) = (hint, object) else {
        return body.to_owned();
    };
    object.insert(name.to_owned(), value.into());
    serde_json::Value::Object(object).to_string()
}

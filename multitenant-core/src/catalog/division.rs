//! Who may have how many of a server's connections. Pure: whoever asks holds the server's row.

/// What is known when a node asks for its part of a server's connections.
///
/// The sum of what all nodes have been granted never grows beyond the total, whatever the order in
/// which they ask, come, go or fall silent:
///
/// - a node is allowed no more than what the others leave;
/// - it is granted at least what it has: that it cannot be taken away from it is a fact, so the
///   others wait for it;
/// - it has no more than it was granted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Division<'d> {
    /// Most connections of all nodes together.
    pub(super) total: u32,
    /// What others were granted, alive or not.
    pub(super) others: u32,
    /// Most that each live node can use, the oldest first.
    pub(super) wants: &'d [u32],
    /// Which of them asks.
    pub(super) own: usize,
}

impl Division<'_> {
    /// What the node has once everybody has said what they have: as much as every other, but no
    /// more than it can use. What cannot be divided is the oldest nodes'; where there are more
    /// nodes than connections, the youngest have none.
    pub(super) fn share(&self) -> u32 {
        let mut order: Vec<(u32, usize)> = self.wants.iter().copied().zip(0..).collect();
        order.sort_unstable();
        let mut left = self.total;
        for ((want, index), nodes) in order.iter().zip((1..=self.wants.len()).rev()) {
            let even = left.div_ceil(u32::try_from(nodes).unwrap_or(u32::MAX));
            let part = even.min(*want);
            if *index == self.own {
                return part;
            }
            left -= part;
        }
        0
    }

    /// Most connections that the node may open from now on.
    pub(super) fn allowed(&self) -> u32 {
        self.share().min(self.total.saturating_sub(self.others))
    }

    /// What the node is granted: all that it is allowed, and what it `holds` beyond.
    pub(super) fn granted(&self, holds: u32) -> u32 {
        self.allowed().max(holds)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn share(total: u32, wants: &[u32], own: usize) -> u32 {
        let division = Division {
            total,
            others: 0,
            wants,
            own,
        };
        division.share()
    }

    #[test]
    fn a_server_is_divided_evenly_among_those_who_can_use_it() {
        const ALL: u32 = u32::MAX;
        let table: [(u32, &[u32], &[u32]); 7] = [
            (60, &[ALL], &[60]),
            (60, &[ALL, ALL], &[30, 30]),
            (61, &[ALL, ALL, ALL], &[21, 20, 20]),
            (60, &[ALL, 2, ALL], &[29, 2, 29]),
            (60, &[5, 2], &[5, 2]),
            (1, &[ALL, ALL], &[1, 0]),
            (0, &[ALL], &[0]),
        ];
        for (total, wants, expected) in table {
            let shares: Vec<u32> = (0..wants.len())
                .map(|own| share(total, wants, own))
                .collect();
            assert_eq!(shares, expected, "{total} {wants:?}");
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Joins(u32),
        /// Sends what it holds, which arrives later.
        Asks(usize),
        /// What was sent arrives in the catalog, and the answer at the node.
        Arrives(usize),
        /// What was sent arrives in the catalog, and the answer is lost.
        AnswerIsLost(usize),
        Opens(usize),
        Closes(usize),
        Leaves(usize),
        /// Ends without a word; the server ends its connections.
        Crashes(usize),
        /// Says nothing for so long that it counts as silent, and keeps what it has.
        Pauses(usize),
        Resumes(usize),
        /// A survivor looks whom the server shows, and forgets whom it does not.
        Looks,
        Total(u32),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let node = 0_usize..6;
        let step = prop_oneof![
            2 => prop_oneof![Just(u32::MAX), 0_u32..5].prop_map(Step::Joins),
            6 => node.clone().prop_map(Step::Asks),
            6 => node.clone().prop_map(Step::Arrives),
            1 => node.clone().prop_map(Step::AnswerIsLost),
            8 => node.clone().prop_map(Step::Opens),
            4 => node.clone().prop_map(Step::Closes),
            1 => node.clone().prop_map(Step::Leaves),
            1 => node.clone().prop_map(Step::Crashes),
            1 => node.clone().prop_map(Step::Pauses),
            1 => node.prop_map(Step::Resumes),
            2 => Just(Step::Looks),
            1 => (1_u32..20).prop_map(Step::Total),
        ];
        prop::collection::vec(step, 1..200)
    }

    #[derive(Debug, Clone)]
    struct Node {
        wants: u32,
        limit: u32,
        open: u32,
        paused: bool,
        asked: Option<u32>,
    }

    impl Node {
        fn closes(&mut self, most: u32) {
            self.open = self.open.min(most);
        }
    }

    #[derive(Debug, Default)]
    struct World {
        total: u32,
        /// Those that live, whether they are paused or not: the server shows them.
        nodes: BTreeMap<usize, Node>,
        granted: BTreeMap<usize, u32>,
        born: usize,
    }

    impl World {
        fn pick(&self, which: usize) -> Option<usize> {
            let at = which.checked_rem(self.nodes.len())?;
            self.nodes.keys().nth(at).copied()
        }

        /// The catalog's transaction.
        fn grants(&mut self, id: usize, holds: u32) -> u32 {
            let counted = |(other, node): &(&usize, &Node)| **other == id || !node.paused;
            let live: Vec<_> = self.nodes.iter().filter(counted).collect();
            let wants: Vec<u32> = live.iter().map(|(_, node)| node.wants).collect();
            let others = self.granted.iter().filter(|(other, _)| **other != id);
            let division = Division {
                total: self.total,
                others: others.map(|(_, granted)| granted).sum(),
                wants: &wants,
                own: live.iter().position(|(other, _)| **other == id).unwrap(),
            };
            self.granted.insert(id, division.granted(holds));
            division.allowed()
        }

        fn arrives(&mut self, id: usize, is_heard: bool) {
            let Some(holds) = self.nodes.get_mut(&id).and_then(|node| node.asked.take()) else {
                return;
            };
            let allowed = self.grants(id, holds);
            let node = self.nodes.get_mut(&id).unwrap();
            if is_heard {
                node.limit = allowed;
            }
        }

        fn does(&mut self, step: Step) {
            match step {
                Step::Joins(wants) if self.nodes.len() < 6 => {
                    let node = Node {
                        wants,
                        limit: 0,
                        open: 0,
                        paused: false,
                        asked: None,
                    };
                    self.nodes.insert(self.born, node);
                    self.born += 1;
                }
                Step::Total(total) => self.total = total,
                Step::Looks => self.granted.retain(|id, _| self.nodes.contains_key(id)),
                Step::Leaves(which) => {
                    if let Some(id) = self.pick(which) {
                        self.nodes.remove(&id);
                        self.granted.remove(&id);
                    }
                }
                Step::Crashes(which) => {
                    if let Some(id) = self.pick(which) {
                        self.nodes.remove(&id);
                    }
                }
                Step::Arrives(which) | Step::AnswerIsLost(which) => {
                    if let Some(id) = self.pick(which) {
                        self.arrives(id, matches!(step, Step::Arrives(_)));
                    }
                }
                _ => self.one_does(step),
            }
        }

        fn one_does(&mut self, step: Step) {
            let (Step::Asks(which)
            | Step::Opens(which)
            | Step::Closes(which)
            | Step::Pauses(which)
            | Step::Resumes(which)) = step
            else {
                return;
            };
            let node = self.pick(which).and_then(|id| self.nodes.get_mut(&id));
            let Some(node) = node else { return };
            match step {
                Step::Resumes(_) => node.paused = false,
                _ if node.paused => {}
                Step::Pauses(_) => node.paused = true,
                // A node waits for its answer, or gives it up, before it asks again.
                Step::Asks(_) => node.asked = Some(node.open.max(node.limit)),
                Step::Opens(_) if node.open < node.limit => node.open += 1,
                Step::Closes(_) => node.closes(node.open.saturating_sub(1)),
                _ => {}
            }
        }

        fn open(&self) -> u32 {
            self.nodes.values().map(|node| node.open).sum()
        }

        /// Everybody asks and closes what is too much, some times over.
        fn settle(&mut self) {
            self.nodes.values_mut().for_each(|node| node.paused = false);
            self.does(Step::Looks);
            for _ in 0..3 {
                for id in self.nodes.keys().copied().collect::<Vec<_>>() {
                    let node = self.nodes.get_mut(&id).unwrap();
                    node.asked = Some(node.open.max(node.limit));
                    self.arrives(id, true);
                    let node = self.nodes.get_mut(&id).unwrap();
                    node.closes(node.limit);
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn the_sum_never_exceeds_the_total_and_after_quiet_everybody_has_their_share(
            total in 1_u32..20,
            steps in steps(),
        ) {
            let mut world = World { total, ..World::default() };
            // After the total was lowered, what was granted before only ever becomes less.
            let mut most = total;
            for step in steps {
                let before: u32 = world.granted.values().sum();
                world.does(step);
                let after: u32 = world.granted.values().sum();
                most = world.total.max(before.min(most));
                prop_assert!(after <= most, "{step:?}: {world:?}");
                prop_assert!(world.open() <= after, "{step:?}: {world:?}");
            }
            world.settle();
            let wants: Vec<u32> = world.nodes.values().map(|node| node.wants).collect();
            for (own, node) in world.nodes.values().enumerate() {
                prop_assert_eq!(node.limit, share(world.total, &wants, own));
            }
        }
    }
}

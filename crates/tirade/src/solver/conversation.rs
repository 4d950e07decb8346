//! What has been said so far, as messages for the model and as events for everybody else.

use super::{Said, fenced};
use crate::model::price::Usd;
use crate::model::{Message, Reply, ToolCall, Usage};
use crate::tool::ToolResult;
use crate::trace::{Event, Limit, Phase};

pub(super) struct Conversation<'a> {
    pub messages: Vec<Message>,
    pub events: Vec<Event>,
    pub usage: Usage,
    pub cost: Usd,
    /// Of waiting for model and tools.
    pub seconds: f64,
    /// How often the last call has been made in a row.
    pub repeats: u32,
    last_call: Option<(String, String)>,
    watch: &'a mut (dyn FnMut(&Event) + Send),
}

impl<'a> Conversation<'a> {
    pub fn new(watch: &'a mut (dyn FnMut(&Event) + Send)) -> Self {
        Self {
            messages: Vec::new(),
            events: Vec::new(),
            usage: Usage::default(),
            cost: Usd::default(),
            seconds: 0.0,
            repeats: 0,
            last_call: None,
            watch,
        }
    }

    pub fn push(&mut self, event: Event) {
        (self.watch)(&event);
        self.events.push(event);
    }

    pub fn limit(&mut self, limit: Limit, message: String) {
        self.push(Event::Limit { limit, message });
    }

    pub fn open(&mut self, phase: Phase, system: String, first: String) {
        self.prompt(phase, vec![Message::system(system), Message::user(first)]);
    }

    pub fn say(&mut self, phase: Phase, text: String) {
        self.prompt(phase, vec![Message::user(text)]);
    }

    fn prompt(&mut self, phase: Phase, messages: Vec<Message>) {
        self.messages.extend(messages.iter().cloned());
        self.push(Event::Prompt { phase, messages });
    }

    /// Takes in a reply: the conversation keeps what was `said`, with the reasoning that some servers want back; the event has the whole.
    pub fn hear(&mut self, reply: &Reply, said: &Said, native: bool) {
        self.usage += reply.usage;
        self.cost += reply.cost.unwrap_or_default();
        self.seconds += reply.seconds;
        let calls = if native { said.calls.clone() } else { Vec::new() };
        self.messages.push(Message {
            content: said.text.clone(),
            tool_calls: calls,
            ..Message::from_reply(reply)
        });
        self.push(Event::Reply {
            text: reply.text.clone(),
            reasoning: reply.reasoning.clone(),
            tool_calls: reply.tool_calls.clone(),
            finish: reply.finish,
            usage: reply.usage,
            seconds: reply.seconds,
        });
    }

    pub fn count_repeat(&mut self, call: &ToolCall) {
        let this = (call.name.clone(), call.arguments.clone());
        self.repeats = if self.last_call.as_ref() == Some(&this) { self.repeats + 1 } else { 1 };
        self.last_call = Some(this);
    }

    /// Shows the results to the model: one tool message per call, or one user message with output blocks.
    pub fn show_results(&mut self, results: Vec<(ToolCall, ToolResult)>, native: bool) {
        self.seconds += results.iter().map(|(_, result)| result.seconds).sum::<f64>();
        if native {
            self.messages
                .extend(results.into_iter().map(|(call, result)| Message::tool(call.id, result.content)));
        } else {
            let blocks: Vec<String> =
                results.iter().map(|(_, result)| fenced::output_block(&result.content)).collect();
            self.messages.push(Message::user(blocks.join("\n")));
        }
    }
}

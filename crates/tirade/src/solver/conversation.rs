//! What has been said so far, as messages for the model and as events for everybody else.

use super::fenced;
use crate::model::price::Usd;
use crate::model::remote::signed_reasoning;
use crate::model::{Message, Reply, Request, ToolCall, Usage};
use crate::tool::ToolResult;
use crate::trace::{Event, Limit, Phase};

pub(super) struct Conversation<'a> {
    /// The next request: its messages only grow, the rest is set for each turn.
    pub request: Request,
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
            request: Request::default(),
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
        self.request.messages.extend(messages.iter().cloned());
        self.push(Event::Prompt { phase, messages });
    }

    /// What the model said last, as far as it stays in the conversation.
    pub fn last_said(&self) -> &str {
        self.request.messages.last().map_or("", |message| &message.content)
    }

    /// Takes in a reply: the conversation keeps the text that was `said` and the calls, with the reasoning that some servers want back;
    /// the event has the whole.
    pub fn hear(&mut self, reply: Reply, said: String, calls: &[ToolCall], native: bool) {
        self.usage += reply.usage;
        self.cost += reply.cost.unwrap_or_default();
        self.seconds += reply.seconds;
        self.request.messages.push(Message {
            tool_calls: if native { calls.to_vec() } else { Vec::new() },
            reasoning: reply.reasoning.clone(),
            reasoning_details: signed_reasoning(&reply.raw),
            ..Message::assistant(said)
        });
        self.push(Event::Reply {
            text: reply.text,
            reasoning: reply.reasoning,
            tool_calls: reply.tool_calls,
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
            let shown = results.into_iter().map(|(call, result)| Message::tool(call.id, result.content));
            self.request.messages.extend(shown);
        } else {
            let blocks: Vec<String> =
                results.iter().map(|(_, result)| fenced::output_block(&result.content)).collect();
            self.request.messages.push(Message::user(blocks.join("\n")));
        }
    }
}

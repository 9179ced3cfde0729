package faultproxy

import "time"

// Kind is what goes wrong.
type Kind string

const (
	// Pass is no fault at all.
	Pass Kind = "pass"

	// Refuse closes the listener, and resets what is connected, as a machine
	// whose server has ended.
	Refuse Kind = "refuse"
	// Reset accepts connections and resets them, and those that are there.
	Reset Kind = "reset"
	// Full turns new connections away in the words of a Redis that has too
	// many; those that are there go on.
	Full Kind = "full"

	// Blackhole holds messages until the fault ends, as a network without a
	// way does: TCP sends again what was not confirmed, so they come late.
	Blackhole Kind = "blackhole"
	// Delay passes each message on after Fault.Delay.
	Delay Kind = "delay"
	// Trickle passes one byte in Fault.Delay.
	Trickle Kind = "trickle"
	// CutClose passes half of a message on and closes the connection.
	CutClose Kind = "cut and close"
	// CutHang passes half of a message on, and nothing after it.
	CutHang Kind = "cut and hang"
	// Garbage passes on what is no RESP, in place of each message.
	Garbage Kind = "garbage"
	// Swap passes on the message before, of whatever connection: a well-formed
	// reply to somebody else's command.
	Swap Kind = "swap"
	// Duplicate passes each message on twice, so that what follows on the
	// connection is out of step.
	Duplicate Kind = "duplicate"

	// Answer answers each command with Fault.Error; none reaches Redis.
	Answer Kind = "answer"
	// CloseAfter closes each connection in place of its command number
	// Fault.After + 1.
	CloseAfter Kind = "close after"
)

// Direction is which messages a fault meets.
type Direction uint8

const (
	// Replies are what Redis says: commands reach it and are carried out.
	Replies Direction = iota
	// Commands are what the gateway says.
	Commands
	// Both are all messages.
	Both
)

func (d Direction) covers(stream Direction) bool { return d == Both || d == stream }

// Fault is what a proxy does to connections and messages. The zero value, like
// [Pass], lets everything through.
type Fault struct {
	Kind Kind
	// On is which messages are met, where the kind is about messages.
	On Direction
	// Delay belongs to Delay and Trickle.
	Delay time.Duration
	// Error is the error reply of Answer, such as "LOADING Redis is loading".
	Error string
	// After is how many commands of a connection CloseAfter lets through.
	After int
}

// litter is what Garbage passes on, in turn. All of it is refused by a parser
// at once or waits for more; none of it claims sizes that would only measure
// how much memory the driver sets aside.
var litter = []string{
	"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
	"\x00\x00\x00\x00\x00\x00\x00\x00\r\n",
	"\x15\x03\x03\x00\x02\x02\x46\r\n",
	"$-7\r\n",
	"*x\r\n",
	":twelve\r\n",
	"$4\r\nabcdefgh\r\n",
	"*3\r\n+OK\r\n",
	"\r\n",
}

package faultproxy

import (
	"bufio"
	"io"
	"net"
	"sync"
	"time"
)

// link is one connection of a gateway with its own to Redis.
type link struct {
	proxy          *Proxy
	client, server *net.TCPConn
	done           chan struct{}
	ending         sync.Once
	commands       int // of the goroutine that pumps commands
}

// pump passes messages of one direction on until the link ends.
func (l *link) pump(stream Direction, from, to *net.TCPConn) {
	defer l.end(func(c *net.TCPConn) { c.Close() })
	reader := bufio.NewReader(from)
	for {
		message, err := readMessage(reader)
		if err != nil {
			return
		}
		if stream == Commands {
			l.commands++
		}
		if err := l.pass(stream, message, to); err != nil {
			return
		}
	}
}

// pass does to one message what the fault that is on wants.
func (l *link) pass(stream Direction, message []byte, to io.Writer) error {
	on := l.proxy.current()
	if !on.meets(stream, l.commands) {
		return write(to, message)
	}
	hit := l.proxy.hits.Add(1)
	switch on.Kind {
	case Blackhole:
		if err := l.pause(on, nil); err != nil {
			return err
		}
		return l.pass(stream, message, to) // as the next fault wants it
	case Delay:
		if err := l.pause(on, time.After(on.Delay)); err != nil {
			return err
		}
		return write(to, message)
	case Trickle:
		return l.trickle(on, message, to)
	case CutClose:
		return cut(to, message)
	case CutHang:
		_ = cut(to, message)
		<-l.done
		return io.EOF
	case Garbage:
		return write(to, []byte(litter[int(hit)%len(litter)]))
	case Swap:
		return write(to, l.proxy.exchange(message))
	case Duplicate:
		return write(to, append(message, message...))
	case Answer:
		return write(l.client, []byte("-"+on.Error+"\r\n"))
	default: // CloseAfter
		return io.EOF
	}
}

// meets tells whether the fault is about a message of the stream.
func (f Fault) meets(stream Direction, commands int) bool {
	switch f.Kind {
	case "", Pass, Full, Refuse, Reset:
		return false
	case Answer:
		return stream == Commands
	case CloseAfter:
		return stream == Commands && commands > f.After
	}
	return f.On.covers(stream)
}

// pause waits until the time has come or the fault is over. It returns an
// error when the link ended meanwhile.
func (l *link) pause(on *plan, until <-chan time.Time) error {
	select {
	case <-until:
	case <-on.over:
	case <-l.done:
		return io.EOF
	}
	return nil
}

func (l *link) trickle(on *plan, message []byte, to io.Writer) error {
	for i := range message {
		select {
		case <-on.over:
			return write(to, message[i:])
		default:
		}
		if err := l.pause(on, time.After(on.Delay)); err != nil {
			return err
		}
		if err := write(to, message[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// cut passes half of the message on, and at least one byte less than all.
func cut(to io.Writer, message []byte) error {
	if err := write(to, message[:len(message)/2]); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

func write(to io.Writer, message []byte) error {
	_, err := to.Write(message)
	return err
}

func (l *link) reset() { l.end(hardClose) }

// end closes both sides, once.
func (l *link) end(with func(*net.TCPConn)) {
	l.ending.Do(func() {
		close(l.done)
		with(l.client)
		with(l.server)
	})
}

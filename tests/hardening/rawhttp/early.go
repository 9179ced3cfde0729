package rawhttp

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/quicvarint"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// Early is a resumed QUIC connection whose handshake the server sees the end
// of only after Finish. Until then, all that it is sent is early data (0-RTT),
// which whoever recorded it could send again (RFC 8446 section 8).
type Early struct {
	server Server
	conn   *quic.Conn
	wire   *withholding
	tls    quic.Transport
}

// OpenEarly makes one connection to get a session ticket, and another one with
// it that does not finish its handshake.
func OpenEarly(ctx context.Context, server Server) (*Early, error) {
	config := server.tls("h3")
	tickets := &ticketCache{ClientSessionCache: tls.NewLRUClientSessionCache(1), stored: make(chan struct{})}
	config.ClientSessionCache = tickets
	first, err := quic.DialAddr(ctx, server.Address, config, nil)
	if err != nil {
		return nil, err
	}
	select {
	case <-tickets.stored:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := first.CloseWithError(noError, ""); err != nil {
		return nil, err
	}

	address, err := net.ResolveUDPAddr("udp", server.Address)
	if err != nil {
		return nil, err
	}
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	e := &Early{server: server, wire: &withholding{UDPConn: socket, listen: make(chan struct{})}}
	e.tls.Conn = plain{e.wire}
	if e.conn, err = e.tls.DialEarly(ctx, address, config, nil); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// SendEarly sends the requests as early data and answers what the server makes
// of them. It works once: with the answers the client has the keys with which
// it sends from then on, and which the server has only after Finish.
func (e *Early) SendEarly(ctx context.Context, requests ...Request) ([]harness.Answer, error) {
	if err := hello(e.conn); err != nil {
		return nil, err
	}
	var streams []*quic.Stream
	var asked int64
	for _, r := range requests {
		asked += int64(len(r.Body) + len(r.Target))
		stream, err := ask(ctx, e.conn, e.server, r)
		if err != nil {
			return nil, err
		}
		streams = append(streams, stream)
	}
	// What is sent after the server was heard is no early data any more, and the
	// server waits for the end of the handshake to read it.
	if err := e.wire.settle(ctx, asked); err != nil {
		return nil, err
	}
	close(e.wire.listen)
	var answers []harness.Answer
	for _, stream := range streams {
		answer, err := hear(stream)
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

// Send sends a request after the handshake.
func (e *Early) Send(ctx context.Context, r Request) (harness.Answer, error) {
	stream, err := ask(ctx, e.conn, e.server, r)
	if err != nil {
		return harness.Answer{}, err
	}
	return hear(stream)
}

// Used says whether the server took the early data.
func (e *Early) Used() bool { return e.conn.ConnectionState().Used0RTT }

// Finish lets the end of the handshake through, which is sent again and again
// until it is acknowledged.
func (e *Early) Finish() { e.wire.through.Store(true) }

// Close ends the connection.
func (e *Early) Close() {
	if e.conn != nil {
		e.conn.CloseWithError(noError, "")
	}
	e.tls.Close()
	e.wire.Close()
}

// ticketCache tells when there is a ticket.
type ticketCache struct {
	tls.ClientSessionCache
	once   sync.Once
	stored chan struct{}
}

func (c *ticketCache) Put(key string, state *tls.ClientSessionState) {
	c.ClientSessionCache.Put(key, state)
	if state != nil {
		c.once.Do(func() { close(c.stored) })
	}
}

// withholding loses every datagram with a Handshake packet in it that goes
// out, and lets nothing in before somebody listens.
type withholding struct {
	*net.UDPConn
	listen  chan struct{}
	through atomic.Bool
	// sent counts the bytes that went out, wrote is when the last of them did.
	sent, wrote atomic.Int64
}

// quiet is for how long nothing goes out when all is out that there was.
const quiet = 100 * time.Millisecond

// settle waits until so many bytes have gone out, and no more follow.
func (w *withholding) settle(ctx context.Context, bytes int64) error {
	for w.sent.Load() < bytes || time.Since(time.Unix(0, w.wrote.Load())) < quiet {
		select {
		case <-time.After(quiet / 10):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (w *withholding) WriteTo(datagram []byte, to net.Addr) (int, error) {
	if !w.through.Load() && holdsHandshake(datagram) {
		return len(datagram), nil
	}
	n, err := w.UDPConn.WriteTo(datagram, to)
	w.sent.Add(int64(n))
	w.wrote.Store(time.Now().UnixNano())
	return n, err
}

func (w *withholding) ReadFrom(into []byte) (int, net.Addr, error) {
	<-w.listen
	return w.UDPConn.ReadFrom(into)
}

// plain hides what would let quic-go pass by the two methods above.
type plain struct{ net.PacketConn }

// The packet types of RFC 9000 section 17.2 with long headers.
const packetInitial, packetHandshake = 0, 2

// holdsHandshake walks through the packets that share a datagram (RFC 9000
// section 12.2). The lengths are its sender's, which is quic-go.
func holdsHandshake(datagram []byte) bool {
	for len(datagram) > 6 && datagram[0]&0x80 != 0 && binary.BigEndian.Uint32(datagram[1:5]) == 1 {
		kind := datagram[0] & 0x30 >> 4
		if kind == packetHandshake {
			return true
		}
		at := 5
		for range 2 { // the connection ids
			at += 1 + int(datagram[at])
		}
		if kind == packetInitial {
			token, n, err := quicvarint.Parse(datagram[at:])
			if err != nil {
				return false
			}
			at += n + int(token)
		}
		length, n, err := quicvarint.Parse(datagram[at:])
		if err != nil || at+n+int(length) > len(datagram) {
			return false
		}
		datagram = datagram[at+n+int(length):]
	}
	return false
}

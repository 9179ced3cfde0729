package rawhttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/quic-go/qpack"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/quicvarint"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// The frames and the stream type of RFC 9114 that a request needs.
const (
	frameData, frameHeaders, frameSettings = 0x0, 0x1, 0x4
	streamControl                          = 0x0
	noError                                = 0x100
)

func http3(ctx context.Context, server Server, r Request) (harness.Answer, error) {
	conn, err := quic.DialAddr(ctx, server.Address, server.tls("h3"), nil)
	if err != nil {
		return harness.Answer{}, err
	}
	defer conn.CloseWithError(noError, "")
	if err := hello(conn); err != nil {
		return harness.Answer{}, err
	}
	stream, err := ask(ctx, conn, server, r)
	if err != nil {
		return harness.Answer{}, err
	}
	return hear(stream)
}

// hello opens what every HTTP/3 connection begins with.
func hello(conn *quic.Conn) error {
	control, err := conn.OpenUniStream()
	if err != nil {
		return refused(err)
	}
	if _, err := control.Write(append([]byte{streamControl}, frame(frameSettings, nil)...)); err != nil {
		return refused(err)
	}
	return nil
}

// ask sends the request on a stream of its own.
func ask(ctx context.Context, conn *quic.Conn, server Server, r Request) (*quic.Stream, error) {
	stream, err := conn.OpenStreamSync(ctx)
	if err != nil {
		return nil, refused(err)
	}
	if err := stream.SetDeadline(time.Now().Add(Patience)); err != nil {
		return nil, err
	}
	sent := frame(frameHeaders, section(r.fields(server.Name)))
	if r.Body != "" {
		sent = append(sent, frame(frameData, []byte(r.Body))...)
	}
	if len(r.Trailers) > 0 {
		sent = append(sent, frame(frameHeaders, section(r.trailers()))...)
	}
	if _, err := stream.Write(sent); err != nil && !answeredEarly(err) {
		return nil, refused(err)
	}
	if r.Slowly != nil {
		go r.Slowly(func(text string) error {
			_, err := stream.Write(frame(frameData, []byte(text)))
			return err
		})
		return stream, nil
	}
	// It fails where the answer has come already, and only there: hear finds
	// out about a connection that is gone.
	_ = stream.Close()
	return stream, nil
}

// answeredEarly tells that the server wants no more of the request, which does
// not mean that there is no answer (RFC 9114 section 4.1).
func answeredEarly(err error) bool {
	var stopped *quic.StreamError
	return errors.As(err, &stopped) && stopped.Remote
}

// hear reads the answer.
func hear(stream *quic.Stream) (harness.Answer, error) {
	received, err := io.ReadAll(stream)
	if err != nil {
		return harness.Answer{}, refused(err)
	}
	return parseHTTP3(received)
}

// frame is RFC 9114 section 7.1.
func frame(kind uint64, payload []byte) []byte {
	text := quicvarint.Append(quicvarint.Append(nil, kind), uint64(len(payload)))
	return append(text, payload...)
}

// section is a field section of RFC 9204 without a dynamic table.
func section(fields []field) []byte {
	var block bytes.Buffer
	encoder := qpack.NewEncoder(&block)
	for _, f := range fields {
		// A buffer takes everything.
		_ = encoder.WriteField(qpack.HeaderField{Name: f.name, Value: f.value})
	}
	return block.Bytes()
}

func parseHTTP3(text []byte) (harness.Answer, error) {
	answer := harness.Answer{Header: http.Header{}}
	for len(text) > 0 {
		kind, n, err := quicvarint.Parse(text)
		if err != nil {
			return harness.Answer{}, fmt.Errorf("a frame's type: %w", err)
		}
		text = text[n:]
		length, n, err := quicvarint.Parse(text)
		if err != nil || uint64(len(text)-n) < length {
			return harness.Answer{}, fmt.Errorf("a frame is cut short: %w", err)
		}
		payload := text[n : n+int(length)]
		text = text[n+int(length):]
		switch kind {
		case frameHeaders:
			if err := readSection(&answer, payload); err != nil {
				return harness.Answer{}, err
			}
		case frameData:
			answer.Body += string(payload)
		}
	}
	if answer.Status == 0 {
		return harness.Answer{}, ErrRefused
	}
	return answer, nil
}

func readSection(into *harness.Answer, payload []byte) error {
	next := qpack.NewDecoder().Decode(payload)
	for {
		f, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("a field section: %w", err)
		}
		if f.Name == ":status" {
			if into.Status, err = strconv.Atoi(f.Value); err != nil {
				return err
			}
			continue
		}
		into.Header.Add(f.Name, f.Value)
	}
}

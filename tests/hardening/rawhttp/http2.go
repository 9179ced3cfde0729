package rawhttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"

	h2 "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// OpenHTTP2 opens a connection, says hello, and hands out the frames.
func OpenHTTP2(ctx context.Context, server Server) (io.Closer, *h2.Framer, error) {
	conn, err := dial(ctx, server, "h2")
	if err != nil {
		return nil, nil, err
	}
	if _, err := io.WriteString(conn, h2.ClientPreface); err != nil {
		conn.Close()
		return nil, nil, err
	}
	framer := h2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	return conn, framer, framer.WriteSettings()
}

func http2(ctx context.Context, server Server, r Request) (harness.Answer, error) {
	conn, framer, err := OpenHTTP2(ctx, server)
	if err != nil {
		return harness.Answer{}, err
	}
	defer conn.Close()
	x := &exchange{framer: framer}
	trailers := r.trailers()
	// A server that gives the connection up may do so before all is sent: whether
	// there is an answer only reading tells.
	err = framer.WriteHeaders(h2.HeadersFrameParam{
		StreamID: 1, BlockFragment: compress(r.fields(server.Name)),
		EndStream: r.Body == "" && trailers == nil && r.Slowly == nil, EndHeaders: true,
	})
	if err == nil && r.Body != "" {
		err = framer.WriteData(1, trailers == nil, []byte(r.Body))
	}
	if err == nil && trailers != nil {
		err = framer.WriteHeaders(h2.HeadersFrameParam{StreamID: 1, BlockFragment: compress(trailers), EndStream: true, EndHeaders: true})
	}
	x.unsent = err
	if r.Slowly != nil {
		go r.Slowly(func(text string) error {
			x.writing.Lock()
			defer x.writing.Unlock()
			return framer.WriteData(1, false, []byte(text))
		})
	}
	return x.read()
}

// exchange is the first stream of a connection. A framer takes one write at a
// time.
type exchange struct {
	framer  *h2.Framer
	writing sync.Mutex
	// unsent is why not all of the request was sent.
	unsent error
}

// HTTP2Headers is a header block of the request.
func HTTP2Headers(server Server, r Request) []byte { return compress(r.fields(server.Name)) }

func compress(fields []field) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range fields {
		// A buffer takes everything.
		_ = encoder.WriteField(hpack.HeaderField{Name: f.name, Value: f.value})
	}
	return block.Bytes()
}

// read reads the answer.
func (x *exchange) read() (harness.Answer, error) {
	answer := harness.Answer{Header: http.Header{}}
	for {
		frame, err := x.framer.ReadFrame()
		if err != nil {
			return harness.Answer{}, refused(errors.Join(x.unsent, err))
		}
		switch frame := frame.(type) {
		case *h2.SettingsFrame:
			if !frame.IsAck() {
				x.writing.Lock()
				// It fails on a connection that is gone, which may have an answer
				// on it all the same.
				_ = x.framer.WriteSettingsAck()
				x.writing.Unlock()
			}
		case *h2.MetaHeadersFrame:
			for _, f := range frame.Fields {
				if f.Name == ":status" {
					answer.Status, err = strconv.Atoi(f.Value)
				} else {
					answer.Header.Add(f.Name, f.Value)
				}
			}
		case *h2.DataFrame:
			answer.Body += string(frame.Data())
		case *h2.RSTStreamFrame:
			err = fmt.Errorf("stream reset: %s", frame.ErrCode)
		case *h2.GoAwayFrame:
			err = fmt.Errorf("connection given up: %s", frame.ErrCode)
		}
		if err != nil {
			return harness.Answer{}, refused(err)
		}
		if head := frame.Header(); head.StreamID == 1 && head.Flags.Has(h2.FlagDataEndStream) && answer.Status >= http.StatusOK {
			return answer, nil
		}
	}
}

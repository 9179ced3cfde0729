//go:build linux

package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// crowd sends requests over connections that stay open, each the next one when
// the answer to the last is there. It builds nothing and parses next to
// nothing, so that it costs a fraction of what it measures.
type crowd struct {
	address     string
	requests    [][]byte // sent in turn
	status      int      // what each must get
	connections int
}

// run sends until the time is over, and says how many were answered. Any other
// answer than the expected one ends it: a rate of errors is no rate.
func (c crowd) run(lasts time.Duration) (answered int64, err error) {
	var total, next atomic.Int64
	ctx, stop := context.WithTimeout(context.Background(), lasts)
	defer stop()
	faults := make(chan error, c.connections)
	var working sync.WaitGroup
	for range c.connections {
		working.Go(func() {
			count, err := c.talk(ctx, &next)
			total.Add(count)
			if err != nil {
				faults <- err
				stop()
			}
		})
	}
	working.Wait()
	close(faults)
	for fault := range faults {
		err = errors.Join(err, fault)
	}
	return total.Load(), err
}

func (c crowd) talk(ctx context.Context, next *atomic.Int64) (count int64, err error) {
	conn, err := net.Dial("tcp", c.address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	reader := bufio.NewReaderSize(conn, 8<<10)
	for ctx.Err() == nil {
		// The machine may stop for a while; a gateway that never answers must
		// not stop the measurement for good.
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			return count, err
		}
		if _, err := conn.Write(c.requests[int(next.Add(1))%len(c.requests)]); err != nil {
			return count, err
		}
		status, err := receive(reader)
		if err != nil {
			return count, err
		}
		if status != c.status {
			return count, fmt.Errorf("%s answered %d, want %d", c.address, status, c.status)
		}
		count++
	}
	return count, nil
}

var contentLength = []byte("content-length:")

// receive reads one answer, which must say how long it is.
func receive(reader *bufio.Reader) (status int, err error) {
	line, err := reader.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return 0, fmt.Errorf("no status line: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length := -1
	for {
		if line, err = reader.ReadSlice('\n'); err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if n := len(contentLength); len(line) > n && bytes.EqualFold(line[:n], contentLength) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[n:]))); err != nil {
				return 0, err
			}
		}
	}
	if length <= 0 {
		// Caddy says 200 and nothing else where nobody answers.
		return 0, fmt.Errorf("an answer of %d without a body, or without its length", status)
	}
	_, err = io.CopyN(io.Discard, reader, int64(length))
	return status, err
}

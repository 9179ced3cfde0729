package faultproxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// readMessage reads one whole value of RESP2 or RESP3, or an inline command,
// and answers its bytes as they stood on the wire.
func readMessage(r *bufio.Reader) ([]byte, error) {
	var raw bytes.Buffer
	if err := readValue(r, &raw); err != nil {
		return nil, err
	}
	return raw.Bytes(), nil
}

func readValue(r *bufio.Reader, raw *bytes.Buffer) error {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return err
	}
	raw.Write(line)
	switch line[0] {
	case '$', '!', '=': // strings with a length
		n, err := length(line)
		if err != nil || n < 0 {
			return err
		}
		_, err = io.CopyN(raw, r, int64(n)+2)
		return err
	case '*', '~', '>': // lists
		return readValues(r, raw, line, 1)
	case '%', '|': // maps
		return readValues(r, raw, line, 2)
	}
	return nil
}

func readValues(r *bufio.Reader, raw *bytes.Buffer, line []byte, each int) error {
	n, err := length(line)
	if err != nil {
		return err
	}
	for range n * each {
		if err := readValue(r, raw); err != nil {
			return err
		}
	}
	return nil
}

// length reads the number of a line such as "$5". A negative one is null.
func length(line []byte) (int, error) {
	text := string(bytes.TrimSpace(line[1:]))
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("length %q: %w", text, err)
	}
	return n, nil
}

// Package transfer writes and reads the file that an export makes: a line of
// JSON for each record, after one that says what it is and before one that
// says what was in it.
package transfer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

const (
	// Format and Version are what a file says it is.
	Format  = "caddy-dcr-export"
	Version = 1
	// maxLine bounds what a reader holds of a file.
	maxLine = 16 << 20
)

// Header is the first line of a file.
type Header struct {
	Format    string    `json:"format"`
	Version   int       `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	Issuer    string    `json:"issuer"`
	// SecretKeys names, by generation, the keys with which the secrets of the
	// clients are hashed: without them no client can prove who it is.
	SecretKeys map[uint32]string `json:"secret_keys,omitempty"`
	// Keys are the gateway's own keys, encrypted with age, if they are there.
	Keys []byte `json:"keys,omitempty"`
}

// Record is one line.
type Record struct {
	Class string `json:"class"`
	Key   string `json:"key"`
	Value []byte `json:"value"`
}

// trailer is the last line. Sum is of all lines before it.
type trailer struct {
	End    bool              `json:"end"`
	Counts map[string]uint64 `json:"counts"`
	Sum    string            `json:"sha256"`
}

// Writer writes a file.
type Writer struct {
	// Counts are the records so far, by class.
	Counts map[string]uint64
	out    *bufio.Writer
	sum    hash.Hash
}

// NewWriter begins a file.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	t := &Writer{Counts: map[string]uint64{}, out: bufio.NewWriterSize(w, 1<<20), sum: sha256.New()}
	h.Format, h.Version = Format, Version
	return t, t.line(h)
}

func (t *Writer) line(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	t.sum.Write(text)
	_, err = t.out.Write(text)
	return err
}

// Add writes a record.
func (t *Writer) Add(r Record) error {
	t.Counts[r.Class]++
	return t.line(r)
}

// End writes the last line. A file without it is not whole.
func (t *Writer) End() error {
	if err := t.line(trailer{End: true, Counts: t.Counts, Sum: hex.EncodeToString(t.sum.Sum(nil))}); err != nil {
		return err
	}
	return t.out.Flush()
}

// ErrDamaged is wrapped by every error about what stands in a file.
var ErrDamaged = errors.New("the file is damaged, or no export")

// Reader reads a file, a record at a time.
type Reader struct {
	Header Header
	// Counts are the records so far, by class.
	Counts map[string]uint64
	in     *bufio.Scanner
	sum    hash.Hash
	line   int
}

// NewReader reads the first line.
func NewReader(r io.Reader) (*Reader, error) {
	t := &Reader{Counts: map[string]uint64{}, in: bufio.NewScanner(r), sum: sha256.New()}
	t.in.Buffer(make([]byte, 64<<10), maxLine)
	text, err := t.next()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &t.Header); err != nil || t.Header.Format != Format {
		return nil, fmt.Errorf("line 1: %w", ErrDamaged)
	}
	if t.Header.Version != Version {
		return nil, fmt.Errorf("line 1: the file is of version %d, and this gateway reads %d", t.Header.Version, Version)
	}
	t.add(text)
	return t, nil
}

func (t *Reader) next() ([]byte, error) {
	t.line++
	if !t.in.Scan() {
		err := t.in.Err()
		if err == nil {
			err = fmt.Errorf("it ends without its last line: %w", ErrDamaged)
		}
		return nil, fmt.Errorf("line %d: %w", t.line, err)
	}
	return t.in.Bytes(), nil
}

func (t *Reader) add(text []byte) {
	t.sum.Write(text)
	t.sum.Write([]byte{'\n'})
}

// Next reads a record. It returns [io.EOF] after the last one, when the file
// is whole and unchanged.
func (t *Reader) Next() (Record, error) {
	text, err := t.next()
	if err != nil {
		return Record{}, err
	}
	var line struct {
		Record
		trailer
	}
	if err := json.Unmarshal(text, &line); err != nil {
		return Record{}, fmt.Errorf("line %d: %w", t.line, ErrDamaged)
	}
	if line.End {
		return Record{}, t.verify(line.trailer)
	}
	if line.Class == "" || line.Key == "" {
		return Record{}, fmt.Errorf("line %d: %w", t.line, ErrDamaged)
	}
	t.add(text)
	t.Counts[line.Class]++
	return line.Record, nil
}

func (t *Reader) verify(end trailer) error {
	if sum := hex.EncodeToString(t.sum.Sum(nil)); sum != end.Sum {
		return fmt.Errorf("its checksum is %s, and not %s: %w", sum, end.Sum, ErrDamaged)
	}
	said, _ := json.Marshal(end.Counts)
	found, _ := json.Marshal(t.Counts)
	if !bytes.Equal(said, found) {
		return fmt.Errorf("it has %s, and says %s: %w", found, said, ErrDamaged)
	}
	if t.in.Scan() {
		return fmt.Errorf("line %d: there is something after the end: %w", t.line+1, ErrDamaged)
	}
	return io.EOF
}

package transfer_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/transfer"
)

func file(t *testing.T, records int) string {
	t.Helper()
	var out bytes.Buffer
	w, err := transfer.NewWriter(&out, transfer.Header{CreatedAt: time.Unix(1764000000, 0).UTC(), Issuer: "https://sp.example.com", SecretKeys: map[uint32]string{1: "k"}})
	require.NoError(t, err)
	for i := range records {
		require.NoError(t, w.Add(transfer.Record{Class: "client", Key: fmt.Sprint("c/", i), Value: []byte{1, 2, byte(i)}}))
	}
	require.NoError(t, w.End())
	return out.String()
}

func read(text string) (records []transfer.Record, err error) {
	r, err := transfer.NewReader(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		records = append(records, record)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	records, err := read(file(t, 3))
	require.NoError(t, err)
	require.Len(t, records, 3)
	assert.Equal(t, transfer.Record{Class: "client", Key: "c/2", Value: []byte{1, 2, 2}}, records[2])
	_, err = read(file(t, 0))
	require.NoError(t, err)
}

// The form of the file stays: old exports are read by every later version.
func TestTheFormOfTheFileStays(t *testing.T) {
	assert.Equal(t, `{"format":"caddy-dcr-export","version":1,"created_at":"2025-11-24T16:00:00Z","issuer":"https://sp.example.com","secret_keys":{"1":"k"}}
{"class":"client","key":"c/0","value":"AQIA"}
{"end":true,"counts":{"client":1},"sha256":"22e6161a058e28b31d43b1592d1e5474415185a5fe227cd84f95001bd580b23a"}
`, file(t, 1))
}

func TestWhatWasDamagedIsNoticed(t *testing.T) {
	whole := file(t, 3)
	lines := strings.SplitAfter(whole, "\n")
	for name, text := range map[string]string{
		"nothing":             "",
		"another file":        "{}\n",
		"no JSON":             "hello\n",
		"a line that is gone": lines[0] + lines[1] + lines[3] + lines[4],
		"a line twice":        lines[0] + lines[1] + lines[1] + lines[2] + lines[3] + lines[4],
		"lines in disorder":   lines[0] + lines[2] + lines[1] + lines[3] + lines[4],
		"an end that is gone": strings.Join(lines[:4], ""),
		"a cut":               whole[:len(whole)-100],
		"another value":       strings.Replace(whole, "AQIB", "AQIC", 1),
		"another issuer":      strings.Replace(whole, "sp.example", "xx.example", 1),
		"more after the end":  whole + lines[1],
		"a record of nothing": lines[0] + "{}\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(text)
			require.Error(t, err)
			assert.NotErrorIs(t, err, io.EOF)
			assert.ErrorIs(t, err, transfer.ErrDamaged)
		})
	}
	_, err := read(strings.Replace(whole, `"version":1`, `"version":2`, 1))
	assert.ErrorContains(t, err, "this gateway reads 1")
}

package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/transfer"
)

const (
	// exportPage and importBatch are how many records are asked for, and sent,
	// at once.
	exportPage  = 1000
	importBatch = 500
	// progressEvery is how often a person is told how far it is.
	progressEvery = 2 * time.Second
)

func exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "export <file>", Short: "Writes everything that is on record into a file",
		Long: `
Writes programmers, channels, applications, statements, clients, kill switches,
the catalogue, change sets and the audit into a file, while the gateway runs;
'-' is standard output. The gateway's own keys are left out unless --with-keys
encrypts them: without them the file is of use to a gateway that has them.`,
		Example: "  caddy dcr export backup.ndjson\n  caddy dcr export backup.ndjson --with-keys --recipient age1…\n  caddy dcr export - --with-keys --passphrase-file pass.txt | zstd > backup.zst",
		Args:    arguments("the file, or -"), RunE: action(exportAll),
	}
	cmd.Flags().Bool("with-keys", false, "Take the gateway's own keys along, encrypted")
	cmd.Flags().StringSlice("recipient", nil, "age recipient to encrypt the keys for, `age1…` (repeatable)")
	cmd.Flags().String("passphrase-file", "", "File with a passphrase to encrypt the keys with")
	byFlag(cmd)
	return cmd
}

// progress tells a person now and then how far something is.
type progress struct {
	c    *call
	word string
	last time.Time
	n    uint64
}

func (p *progress) add(class string, n int) {
	p.n += uint64(n)
	if time.Since(p.last) >= progressEvery {
		p.last = time.Now()
		p.c.note("%s %d records, now those of the class %s", p.word, p.n, class)
	}
}

func exportAll(c *call) error {
	recipients, unlock, err := c.exportKeysFor()
	if err != nil {
		return err
	}
	var export management.Export
	if err := c.ask("POST", "/export", exportRequest{management.ExportOrder{Recipients: recipients}, c.by()}, &export); err != nil {
		return err
	}
	if export.Keys, err = unlock(export.Keys); err != nil {
		return err
	}
	out, keep, err := c.output()
	if err != nil {
		return err
	}
	counts, err := c.writeExport(out, export)
	if err = keep(err); err != nil {
		return err
	}
	c.note("exported %s", said(counts))
	return nil
}

// output opens what is written to. A file gets its name when it is whole.
func (c *call) output() (io.Writer, func(error) error, error) {
	name := c.args[0]
	if name == "-" {
		return c.cmd.OutOrStdout(), func(err error) error { return err }, nil
	}
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*") // mode 0600
	if err != nil {
		return nil, nil, failed("writing the file: "+err.Error(), "")
	}
	return file, func(err error) error {
		if err == nil {
			err = file.Sync()
		}
		err = errors.Join(err, file.Close())
		if err == nil {
			err = os.Rename(file.Name(), name)
		}
		if err != nil {
			_ = os.Remove(file.Name())
		}
		return err
	}, nil
}

func (c *call) writeExport(out io.Writer, export management.Export) (map[string]uint64, error) {
	w, err := transfer.NewWriter(out, transfer.Header{
		CreatedAt: export.At, Issuer: export.Issuer, SecretKeys: export.SecretKeys, Keys: export.Keys,
	})
	if err != nil {
		return nil, err
	}
	told := progress{c: c, word: "exported", last: time.Now()}
	for _, class := range export.Classes {
		for cursor := ""; ; {
			var page management.ExportedRecords
			query := url.Values{"export": {strconv.FormatUint(export.Number, 10)}, "limit": {strconv.Itoa(exportPage)}}
			if cursor != "" {
				query.Set("cursor", cursor)
			}
			if err := c.ask("GET", withQuery("/export/"+string(class), query), nil, &page); err != nil {
				return nil, err
			}
			for _, raw := range page.Records {
				if err := w.Add(transfer.Record{Class: string(class), Key: raw.Key, Value: raw.Value}); err != nil {
					return nil, failed("writing the file: "+err.Error(), "")
				}
			}
			told.add(string(class), len(page.Records))
			if cursor = page.Cursor; cursor == "" {
				break
			}
		}
	}
	return w.Counts, w.End()
}

// said writes counts in the order in which an export has its classes.
func said(counts map[string]uint64) string {
	text := ""
	for _, class := range state.Kept {
		if n := counts[string(class)]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, class)
		}
	}
	if text == "" {
		return "nothing"
	}
	return text[2:]
}

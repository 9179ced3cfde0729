package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
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

func importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "import <file>", Short: "Puts what an export holds back on record",
		Long: `
Puts what an export holds back on record, while the gateway runs; '-' is
standard input. What is there already stays as it is: what is the same is left
alone, and what differs is told, or overwritten with --overwrite. It can be
interrupted and done again. The file is checked as a whole before anything is
written.`,
		Example: "  caddy dcr import backup.ndjson\n  caddy dcr import backup.ndjson --identity key.txt",
		Args:    arguments("the file, or -"), RunE: action(importAll),
	}
	cmd.Flags().StringSlice("skip", nil, "Leave records of this `class` out, such as client (repeatable)")
	cmd.Flags().Bool("overwrite", false, "Put the file's records in the place of others that are there")
	cmd.Flags().String("identity", "", "File with the age identity that decrypts the keys")
	cmd.Flags().String("passphrase-file", "", "File with the passphrase that decrypts the keys")
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
			query := url.Values{"limit": {strconv.Itoa(exportPage)}}
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

// input opens what is read, which has to be read more than once.
func (c *call) input() (*os.File, error) {
	if c.args[0] != "-" {
		return os.Open(c.args[0])
	}
	file, err := os.CreateTemp("", "caddy-dcr-import.*")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(file.Name()) // it is gone when it is closed
	if _, err := io.Copy(file, c.cmd.InOrStdin()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// importing is one run of an import.
type importing struct {
	c       *call
	file    *os.File
	skip    []string
	told    progress
	results map[string]map[state.Restored]uint64
}

func importAll(c *call) error {
	file, err := c.input()
	if err != nil {
		return failed("reading the file: "+err.Error(), "")
	}
	defer file.Close()
	i := importing{c: c, file: file, skip: c.list("skip"), told: progress{c: c, word: "imported", last: time.Now()}, results: map[string]map[state.Restored]uint64{}}
	for _, class := range i.skip {
		if !slices.Contains(state.Kept, state.Class(class)) {
			return usage(fmt.Sprintf("there is no class %q", class), fmt.Sprintf("the classes are %v", state.Kept))
		}
	}
	// All of it is read before anything is written.
	header, err := i.each(func(transfer.Record) error { return nil })
	if err != nil {
		return failed("reading the file: "+err.Error(), "nothing was imported")
	}
	order := management.ImportOrder{From: filepath.Base(c.args[0])}
	if !slices.Contains(i.skip, string(state.ClassClient)) {
		order.SecretKeys = header.SecretKeys
	}
	if c.text("identity") != "" || c.text("passphrase-file") != "" {
		if order.Keys, err = c.decryptKeys(header.Keys); err != nil {
			return err
		}
	}
	// The audit comes first: what this gateway puts on record itself goes on
	// where the export's ends.
	if err := i.send(true); err != nil {
		return err
	}
	if err := c.ask("POST", "/import", importRequest{order, c.by()}, &struct{}{}); err != nil {
		return err
	}
	if err := i.send(false); err != nil {
		return err
	}
	return i.conclude()
}

// each reads the file from its beginning.
func (i *importing) each(do func(transfer.Record) error) (transfer.Header, error) {
	if _, err := i.file.Seek(0, io.SeekStart); err != nil {
		return transfer.Header{}, err
	}
	r, err := transfer.NewReader(i.file)
	if err != nil {
		return transfer.Header{}, err
	}
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Header, nil
		}
		if err == nil {
			err = do(record)
		}
		if err != nil {
			return r.Header, err
		}
	}
}

// send sends the records of the audit, or all others, some at a time.
func (i *importing) send(audit bool) error {
	var batch []transfer.Record
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		order := management.RestoreOrder{Overwrite: i.c.flag("overwrite")}
		for _, r := range batch {
			order.Records = append(order.Records, state.Raw{Key: r.Key, Value: r.Value})
		}
		var done management.ImportedRecords
		if err := i.c.ask("POST", "/import/records", restoreRequest{order, i.c.by()}, &done); err != nil {
			return err
		}
		for n, result := range done.Results {
			i.count(batch[n], result)
		}
		i.told.add(batch[len(batch)-1].Class, len(batch))
		batch = batch[:0]
		return nil
	}
	_, err := i.each(func(r transfer.Record) error {
		isAudit := r.Class == string(state.ClassAuditEntry) || r.Class == string(state.ClassAuditHead)
		if isAudit != audit || slices.Contains(i.skip, r.Class) {
			return nil
		}
		batch = append(batch, r)
		if len(batch) < importBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

func (i *importing) count(r transfer.Record, result state.Restored) {
	if i.results[r.Class] == nil {
		i.results[r.Class] = map[state.Restored]uint64{}
	}
	i.results[r.Class][result]++
	audit := r.Class == string(state.ClassAuditEntry) || r.Class == string(state.ClassAuditHead)
	if result == state.Conflicting && !audit {
		i.c.note("conflict: there is another %s %s", r.Class, clean(r.Key))
	}
}

func (i *importing) conclude() error {
	i.c.answer, _ = json.Marshal(map[string]any{"imported": i.results})
	var conflicts, foreign uint64
	i.c.show(func(w io.Writer) {
		var rows [][]string
		for _, class := range state.Kept {
			if n := i.results[string(class)]; n != nil {
				rows = append(rows, []string{string(class), countOrNothing(n[state.Written]), countOrNothing(n[state.Present]), countOrNothing(n[state.Overwritten]), countOrNothing(n[state.Conflicting])})
			}
		}
		printTable(w, []column{{"CLASS", 12}, {"NEW", 10}, {"THERE", 10}, {"OVERWRITTEN", 11}, {"CONFLICTS", 10}}, rows)
	})
	for class, n := range i.results {
		if class == string(state.ClassAuditEntry) || class == string(state.ClassAuditHead) {
			foreign += n[state.Conflicting]
		} else {
			conflicts += n[state.Conflicting]
		}
	}
	if foreign > 0 {
		i.c.note("this gateway has an audit of its own, which goes on; that of the file was left out as far as it is another")
	}
	if conflicts > 0 {
		return failed(fmt.Sprintf("%d records of the file are not what is there", conflicts), "look at them, and import again with --overwrite if the file is right")
	}
	return nil
}

func countOrNothing(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

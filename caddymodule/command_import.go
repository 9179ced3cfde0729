package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

func importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "import <file>", Short: "Puts what an export holds back on record",
		Long: `
Puts what an export holds back on record, while the gateway runs; '-' is
standard input. What is there already stays as it is: what is the same is left
alone, and what differs is told, or overwritten with --overwrite. It can be
interrupted and done again. The file is checked as a whole, and the gateway asked
whether it takes all of it, before anything is written.`,
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
	order := management.ImportOrder{From: filepath.Base(c.args[0]), Overwrite: c.flag("overwrite")}
	if !slices.Contains(i.skip, string(state.ClassClient)) {
		order.SecretKeys = header.SecretKeys
	}
	if c.text("identity") != "" || c.text("passphrase-file") != "" {
		if order.Keys, err = c.decryptKeys(header.Keys); err != nil {
			return err
		}
	}
	if err := i.check(order); err != nil {
		return err
	}
	// The audit comes first: what this gateway puts on record itself goes on
	// where the export's ends.
	if err := i.send(0, func(r transfer.Record) bool { return ofAudit(r.Class) }, i.restore); err != nil {
		return err
	}
	var begun management.Import
	if err := ofFile(c.ask("POST", "/import", importRequest{order, c.by()}, &begun)); err != nil {
		return err
	}
	if err := i.send(begun.Number, func(r transfer.Record) bool { return !ofAudit(r.Class) }, i.restore); err != nil {
		return err
	}
	return i.conclude()
}

// check asks whether the gateway would take all of it, before it is given any: an
// import that is refused leaves nothing behind.
func (i *importing) check(order management.ImportOrder) error {
	order.Check = true
	if err := ofFile(i.c.ask("POST", "/import", importRequest{order, i.c.by()}, &management.Import{})); err != nil {
		return err
	}
	return i.send(0, func(transfer.Record) bool { return true }, func(_ []transfer.Record, order management.RestoreOrder) error {
		order.Check = true
		return ofFile(i.c.ask("POST", "/import/records", restoreRequest{order, i.c.by()}, &management.ImportedRecords{}))
	})
}

// restore has some records put back.
func (i *importing) restore(batch []transfer.Record, order management.RestoreOrder) error {
	var done management.ImportedRecords
	if err := ofFile(i.c.ask("POST", "/import/records", restoreRequest{order, i.c.by()}, &done)); err != nil {
		return err
	}
	for n, result := range done.Results {
		i.count(batch[n], result)
	}
	i.told.add(batch[len(batch)-1].Class, len(batch))
	return nil
}

func ofAudit(class string) bool {
	return class == string(state.ClassAuditEntry) || class == string(state.ClassAuditHead)
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

// send goes through the records that are wanted, some at a time.
func (i *importing) send(number uint64, wanted func(transfer.Record) bool, part func([]transfer.Record, management.RestoreOrder) error) error {
	var batch []transfer.Record
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		order := management.RestoreOrder{Import: number, Overwrite: i.c.flag("overwrite")}
		for _, r := range batch {
			order.Records = append(order.Records, state.Raw{Key: r.Key, Value: r.Value})
		}
		err := part(batch, order)
		batch = batch[:0]
		return err
	}
	_, err := i.each(func(r transfer.Record) error {
		if !wanted(r) || slices.Contains(i.skip, r.Class) {
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
	if result == state.Conflicting && !ofAudit(r.Class) {
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
		if ofAudit(class) {
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

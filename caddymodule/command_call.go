package caddymodule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/user"
	"strconv"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// call is one run of a command.
type call struct {
	cmd  *cobra.Command
	args []string
	// answer is what the gateway answered last.
	answer []byte
	// watching gets what is shown, where it is shown again and again.
	watching io.Writer
}

// action makes the RunE of a command.
func action(run func(*call) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return conclude(cmd, run(&call{cmd: cmd, args: args}))
	}
}

func (c *call) text(flag string) string {
	value, _ := c.cmd.Flags().GetString(flag)
	return value
}

func (c *call) flag(flag string) bool {
	value, _ := c.cmd.Flags().GetBool(flag)
	return value
}

func (c *call) list(flag string) []string {
	value, _ := c.cmd.Flags().GetStringSlice(flag)
	return value
}

// ask sends a request to the admin API and reads its answer.
func (c *call) ask(method, path string, body, into any) error {
	address, err := caddycmd.DetermineAdminAPIAddress(c.text("address"), nil, c.text("config"), c.text("adapter"))
	if err != nil {
		return failed(fmt.Sprintf("finding the admin API: %v", err), "say where it is with --address")
	}
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(text)
	}
	headers := http.Header{surfaceHeader: {string(access.CLI)}}
	response, err := caddycmd.AdminAPIRequest(address, method, strings.TrimSuffix(adminPrefix, "/")+path, headers, reader)
	if err != nil {
		return refusedBy(address, err)
	}
	defer response.Body.Close()
	if c.answer, err = io.ReadAll(response.Body); err != nil {
		return failed(fmt.Sprintf("reading the answer: %v", err), "")
	}
	err = json.Unmarshal(c.answer, into)
	if err == nil && response.Header.Get(surfaceHeader) != string(access.AdminEndpoint) {
		// Any JSON could be read: an object of other members is an empty list.
		err = errors.New("it does not say that it is the gateway's")
	}
	if err != nil {
		return failed(fmt.Sprintf("the answer of %s cannot be read: %v", address, err), "is that Caddy's admin API, and of this version?")
	}
	return nil
}

// refusedBy reads the problem out of what Caddy's client makes of it, which is
// the status and the body in one text.
func refusedBy(address string, err error) error {
	text, refused := strings.CutPrefix(err.Error(), "caddy responded with error: HTTP ")
	if !refused {
		return failed(err.Error(), "is Caddy running? say where its admin API is with --address or --config")
	}
	status, body, _ := strings.Cut(text, ": ")
	var problem adminProblem
	if json.Unmarshal([]byte(body), &problem) != nil || problem.Error == "" {
		return failed(fmt.Sprintf("%s answered %s: %s", address, status, strings.TrimSpace(body)),
			"was the running Caddy built with this module?")
	}
	fault := management.Error{Field: problem.Field, Message: problem.Error}
	exit := exitFailed
	if code, _ := strconv.Atoi(status); code == adminStatus[management.Invalid] {
		fault.Code = management.Invalid
		// What is wrong in itself was written wrong, here or in a manifest,
		// whose faults come one by one.
		if len(problem.Conflicts) == 0 {
			exit = exitUsage
		}
	}
	return &commandError{status: exit, message: fault.Error(), hint: problem.Hint, conflicts: problem.Conflicts}
}

// show prints the answer: as it came where a program wants it, else as a table.
func (c *call) show(table func(io.Writer)) {
	out := c.cmd.OutOrStdout()
	if c.watching != nil {
		out = c.watching
	}
	if !c.flag("json") {
		table(out)
		return
	}
	var indented bytes.Buffer
	_ = json.Indent(&indented, bytes.TrimSpace(c.answer), "", "  ") // it was read before
	fmt.Fprintln(out, indented.String())
}

// answerWith makes a part of what the gateway answered the answer.
func (c *call) answerWith(part any) (err error) {
	c.answer, err = json.Marshal(part)
	return err
}

// note tells a person something that no program should have to read.
func (c *call) note(format string, values ...any) {
	if c.watching != nil {
		return
	}
	fmt.Fprintf(c.cmd.ErrOrStderr(), format+"\n", values...)
}

// again writes a command with the same way to the admin API.
func (c *call) again(command string) string {
	text := c.cmd.Root().Name() + " dcr " + command
	for _, flag := range []string{"address", "config", "adapter"} {
		if value := c.text(flag); value != "" {
			text += " --" + flag + " " + quote(value)
		}
	}
	return text
}

// quote makes one word of a text for a shell, where it is not one.
func quote(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// byFlag lets a command say in whose name it acts.
func byFlag(cmd *cobra.Command) {
	cmd.Flags().String("by", "", "Who does this, for the record (default: user@host)")
}

func (c *call) by() string {
	if by := c.text("by"); by != "" {
		return by
	}
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}

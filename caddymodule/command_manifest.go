package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/manifest"
)

// exitChanges says that a plan has changes. It is neither of the other two, so
// that a script can tell a plan from a slip.
const exitChanges = 3

func planCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "plan <file>", Short: "Shows what applying a manifest would change",
		Long: `
Compares a manifest, a file of YAML or JSON that declares programmers, channels,
proxy MVPDs, catalogue entries and applications, with what is on record, and
shows the difference, field by field. It changes nothing. The exit status is 0
when there is nothing to do, and 3 when there is.`,
		Example: "  caddy dcr plan streaming.yaml\n  caddy dcr plan streaming.yaml --prune applications,versions",
		Args:    arguments("the manifest's file"), RunE: action(planManifestFile),
	}
	pruneFlag(cmd)
	return cmd
}

func applyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "apply <file>", Short: "Makes what a manifest says true",
		Long: `
Shows what a manifest would change, asks, and makes all of it at once, or none.
What it makes is marked as the manifest's, and is changed nowhere else until it
is released. What the manifest does not mention stays as it is, unless --prune
says otherwise.`,
		Example: "  caddy dcr apply streaming.yaml\n  caddy dcr apply streaming.yaml --yes --prune versions\n  caddy dcr apply streaming.yaml --release",
		Args:    arguments("the manifest's file"), RunE: action(applyManifestFile),
	}
	pruneFlag(cmd)
	byFlag(cmd)
	cmd.Flags().BoolP("yes", "y", false, "Apply it without asking")
	cmd.Flags().Bool("release", false, "Take the manifest's mark off everything, and change nothing else")
	return cmd
}

func pruneFlag(cmd *cobra.Command) {
	names := make([]string, len(management.Prunables))
	for i, kind := range management.Prunables {
		names[i] = string(kind)
	}
	cmd.Flags().StringSlice("prune", nil, "End what the manifest made and mentions no more, of these kinds: "+strings.Join(names, ", "))
	_ = cmd.RegisterFlagCompletionFunc("prune", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

// manifestFile reads and checks the file.
func (c *call) manifestFile() (manifest.Document, error) {
	data, err := readArgument(c, c.args[0])
	if err != nil {
		return manifest.Document{}, err
	}
	document, faults := manifest.Read(data)
	if len(faults) > 0 {
		return document, c.faulty(faults)
	}
	return document, nil
}

func readArgument(c *call, name string) ([]byte, error) {
	var data []byte
	var err error
	if name == "-" {
		data, err = io.ReadAll(io.LimitReader(c.cmd.InOrStdin(), manifestLimit+1))
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, failed("reading the manifest: "+err.Error(), "")
	}
	if len(data) > manifestLimit {
		return nil, failed(fmt.Sprintf("the manifest is larger than %d bytes", manifestLimit), "make two of it, with names of their own")
	}
	return data, nil
}

// faulty says what is wrong with a file, a line for each fault.
func (c *call) faulty(faults []manifest.Fault) error {
	var last string
	for i, f := range faults {
		if i > 0 {
			c.note("error: %s", clean(last))
		}
		at := fmt.Sprintf("%s:%d: ", c.args[0], f.Line)
		f.Line = 0
		last = at + f.Error()
	}
	return failed(last, "")
}

// manifestRequest is the body of the requests about manifests.
func (c *call) manifestRequest(m manifest.Manifest) manifestRequest {
	q := manifestRequest{Manifest: m}
	for _, kind := range c.list("prune") {
		q.Prune = append(q.Prune, management.Prunable(kind))
	}
	return q
}

// askAbout is ask, for what concerns the file: the gateway names fields, and a
// person wants lines.
func (c *call) askAbout(document manifest.Document, path string, body, into any) error {
	err := c.ask("POST", path, body, into)
	var end *commandError
	if !errors.As(err, &end) || len(end.conflicts) == 0 {
		return err
	}
	faults := make([]manifest.Fault, len(end.conflicts))
	for i, conflict := range end.conflicts {
		faults[i] = manifest.Fault{Line: document.Line(conflict.Field), Field: conflict.Field, Message: conflict.Message}
	}
	var faulty *commandError
	if errors.As(c.faulty(faults), &faulty) {
		faulty.hint = end.conflicts[len(faults)-1].Hint
	}
	return faulty
}

func planManifestFile(c *call) error {
	document, err := c.manifestFile()
	if err != nil {
		return err
	}
	var plan management.ManifestPlan
	if err := c.askAbout(document, "/manifest/plan", c.manifestRequest(document.Manifest), &plan); err != nil {
		return err
	}
	c.show(func(w io.Writer) { printPlan(w, plan) })
	if len(plan.Changes) == 0 {
		return nil
	}
	command := "apply " + quote(c.args[0])
	if prune := c.list("prune"); len(prune) > 0 {
		command += " --prune " + strings.Join(prune, ",")
	}
	c.note("next: %s", c.again(command))
	return &commandError{status: exitChanges}
}

func applyManifestFile(c *call) error {
	document, err := c.manifestFile()
	if err != nil {
		return err
	}
	if c.flag("release") {
		return c.releaseManifest(document)
	}
	body := c.manifestRequest(document.Manifest)
	if !c.flag("yes") {
		var plan management.ManifestPlan
		if err := c.askAbout(document, "/manifest/plan", body, &plan); err != nil {
			return err
		}
		printPlan(c.cmd.ErrOrStderr(), plan)
		if len(plan.Changes) > 0 && !c.confirmed("Apply it?") {
			return failed("nothing was changed", "answer yes, or say --yes")
		}
		body.IfPlan = plan.Digest
	}
	body.By = c.by()
	var done management.AppliedManifest
	if err := c.askAbout(document, "/manifest/apply", body, &done); err != nil {
		return err
	}
	c.show(func(w io.Writer) {
		if c.flag("yes") {
			printPlan(w, done.ManifestPlan)
		}
		printApplied(w, done)
	})
	return appliedEverywhere(done)
}

func (c *call) releaseManifest(document manifest.Document) error {
	var done management.AppliedManifest
	if err := c.ask("POST", "/manifest/release", releaseRequest{Name: document.Manifest.Name, By: c.by()}, &done); err != nil {
		return err
	}
	c.show(func(w io.Writer) {
		if done.ChangeSet == nil {
			fmt.Fprintf(w, "nothing is managed by the manifest %s\n", clean(done.Name))
			return
		}
		fmt.Fprintf(w, "released from the manifest %s: %d\n", clean(done.Name), done.ChangeSet.Count)
	})
	return appliedEverywhere(done)
}

func appliedEverywhere(done management.AppliedManifest) error {
	if done.Applied {
		return nil
	}
	return failed("it is stored, and not every gateway has confirmed it yet", "they follow as soon as they hear from the store")
}

func printApplied(w io.Writer, done management.AppliedManifest) {
	if done.ChangeSet == nil {
		return
	}
	fmt.Fprintf(w, "applied, as change set %s\n", done.ChangeSet.ID)
}

// confirmed asks a person.
func (c *call) confirmed(question string) bool {
	fmt.Fprintf(c.cmd.ErrOrStderr(), "%s [y/N] ", question)
	var answer string
	_, _ = fmt.Fscanln(c.cmd.InOrStdin(), &answer)
	return strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")
}

# SPDX-License-Identifier: Apache-2.0
"""house_test.py ROOT CHECK: one check of house.py on the real tree.
house_test.py --prove: each check finds the fault it is there for, in small bad trees.
house_test.py --list: the names of the checks."""
import sys
import tempfile
import unittest
from pathlib import Path

import house

GOOD = {
    "docs/architecture.md": "| floor | room |\n|---|---|\n| 0 | `base` | x |\n| 1 | `media` | x |\n"
    "| 1 | `event` | x |\n| 3 | `gpio` | x |\n| 4 | `pipeline` | x |\n",
    "docs/threads.md": "| `button-0` | `button` | x | 5 s |\n| `int` | `button` |\n| `Mailbox<media::FramePtr>` |\n",
    "include/porchlight/base/wakeup.hpp": "",
    "include/porchlight/media/packet.hpp": '#include "porchlight/base/wakeup.hpp"\n#include <nlohmann/json_fwd.hpp>\n',
    "src/base/worker.cpp": "std::jthread thread_;\n",
    "src/event/id.cpp": '#include "porchlight/base/wakeup.hpp"\n#include "event/id.hpp"\n',
    "src/gpio/button.cpp": '// std::mutex is for others\n#include "line.hpp"\nconst char* text = "std::mutex // no comment";\n'
    "SpscRing<int, QueueName::button, Overflow::must_not_fill> out;\n",
    "src/gpio/CMakeLists.txt": "room(gpio SOURCES button.cpp ROOMS base event LIBS x)\n",
    "src/pipeline/lanes.cpp": '#include "porchlight/media/packet.hpp"\nsupervisor.start({"button-0", "button", Stage::sources, 5s, body});\n'
    'Mailbox<media::FramePtr> newest;\n',
    "README.md": "",
}


class AgainstBadTrees(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        for path, text in GOOD.items():
            self.write(path, text if not path.endswith("pp") else "// SPDX-License-Identifier: Apache-2.0\n" + text)

    def tearDown(self):
        self.folder.cleanup()

    def write(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def add(self, path, text):
        self.write(path, (self.root / path).read_text(encoding="utf-8") + text)

    def expect(self, check, *fragments):
        faults = house.CHECKS[check](self.root)
        self.assertEqual(len(faults), len(fragments), faults)
        for fragment in fragments:
            self.assertTrue(any(fragment in fault for fault in faults), f"'{fragment}' not in {faults}")

    def test_a_good_house_has_no_fault(self):
        for check in house.CHECKS:
            with self.subTest(check):
                self.expect(check)

    def test_rooms_a_folder_without_a_floor(self):
        self.write("src/garage/door.cpp", "")
        self.expect("rooms", "src/garage")

    def test_rooms_a_floor_without_a_folder(self):
        self.add("docs/architecture.md", "| 2 | `attic` | x |\n")
        self.expect("rooms", "'attic'")

    def test_rooms_no_table(self):
        self.write("docs/architecture.md", "nothing\n")
        self.expect("rooms", "no table")

    def test_includes_upwards(self):
        self.add("src/event/id.cpp", '#include "porchlight/gpio/button.hpp"\n')
        self.expect("includes", "looks up at 'gpio'")

    def test_includes_upwards_in_angle_brackets_and_between_comments(self):
        self.add("include/porchlight/base/wakeup.hpp", "/* why */ #  include <porchlight/event/id.hpp> // because\n")
        self.expect("includes", "looks up at 'event'")

    def test_includes_sideways(self):
        self.add("src/event/id.cpp", '#include "porchlight/media/packet.hpp"\n')
        self.expect("includes", "looks sideways at 'media'")

    def test_includes_of_what_is_private_to_a_lower_room(self):
        self.add("src/gpio/button.cpp", '#include "event/json.hpp"\n')
        self.expect("includes", "private to 'event'")

    def test_includes_by_a_way_up_the_folders(self):
        self.add("src/gpio/button.cpp", '#include "../event/json.hpp"\n')
        self.expect("includes", "way up the folders")

    def test_links_upwards_and_sideways(self):
        self.write("src/event/CMakeLists.txt", "room(event\n  SOURCES a.cpp\n  ROOMS base media gpio\n  LIBS x)\n")
        self.expect("links", "sideways at 'media'", "up at 'gpio'")

    def test_links_behind_the_rooms_back(self):
        self.add("src/gpio/CMakeLists.txt", "target_link_libraries(porchlight_gpio PRIVATE porchlight::pipeline)\n")
        self.expect("links", "up at 'pipeline'")

    def test_contracts_that_nobody_else_wants(self):
        self.write("include/porchlight/gpio/line.hpp", "")
        self.add("src/gpio/button.cpp", '#include "porchlight/gpio/line.hpp"\n')
        self.expect("contracts", "gpio/line.hpp")
        self.add("src/pipeline/lanes.cpp", '#include "porchlight/gpio/line.hpp"\n')
        self.expect("contracts")

    def test_pages_that_are_not_there(self):
        self.write("README.md", "[a](docs/threads.md#x) [b](docs/none.md) [c](https://example.org/d.md)\n")
        self.add("src/gpio/button.cpp", "// see docs/buttons.md\n")
        self.expect("pages", "docs/none.md", "docs/buttons.md")

    def test_named_tests_that_are_not_there(self):
        self.write("tests/gpio/line_test.cpp", "TEST_F(LineTest,\n       SeesEdges) {}\n")
        self.write("tests/system/test_ring.py", "class RingTest(Case):\n    def test_rings(self):\n")
        self.write("docs/proof.md", "`LineTest.SeesEdges` `LineTest.*` `LineTest.Sees…` `RingTest.test_rings` `test_rings` `server.tls`\n")
        self.expect("named_tests")
        self.add("docs/proof.md", "`LineTest.Sees` `RingTest.test_ring` `LampTest.*` `test_lamp…`\n")
        self.expect("named_tests", "'LineTest.Sees'", "'RingTest.test_ring'", "'LampTest.*'", "'test_lamp…'")

    def test_provisions_without_a_row_a_test_or_a_reason(self):
        rows = [f"| {section}-{n + 1} | M | Does not apply: x |" for section, count in house.PROVISIONS.items() for n in range(count)]
        self.write("docs/en-303-645.md", "\n".join(rows) + "\n")
        self.expect("provisions")
        rows[0], rows[1], rows[2] = "", rows[3], "| 5.1-3 | M | Yes, by TLS |"
        self.write("docs/en-303-645.md", "\n".join([*rows, "| 7-1 | M | Not promised, because x |"]) + "\n")
        self.expect("provisions", "5.1-1 has 0", "5.1-2 has 0", "5.1-4 has 2", "no provision 7-1", "5.1-3 names no test")

    def test_foreign_types(self):
        for text in ("#include <opencv2/core.hpp>", "cv::Mat m;", "namespace dlib { class x; }", "struct sqlite3;",
                     "#include <gst/gst.h>", "struct _GstElement;", "boost::asio::io_context& io;"):
            with self.subTest(text):
                self.write("include/porchlight/media/frame.hpp", text + "\n")
                self.assertEqual(len(house.check_foreign_types(self.root)), 1)

    def test_locks(self):
        for text in ("#include <mutex>", "#include <condition_variable>", "std::mutex m;", "std::recursive_mutex m;",
                     "std::condition_variable_any c;", "std::scoped_lock l(m);", "#include <boost/thread/mutex.hpp>",
                     "pthread_mutex_lock(&m);", "absl::Mutex m;"):
            for path in ("src/gpio/a.cpp", "src/camera/a.cpp", "src/pipeline/a.cpp", "include/porchlight/camera/a.hpp"):
                with self.subTest(text=text, path=path):
                    self.write(path, text + "\n")
                    self.assertEqual(len(house.check_locks(self.root)), 1)
                    (self.root / path).unlink()

    def test_threads_outside_the_pipeline(self):
        for text in ("std::thread t(f);", "std::jthread t(f);", "auto f = std::async(g);", "pthread_create(&t, 0, f, 0);"):
            with self.subTest(text):
                self.write("src/gpio/a.cpp", text + "\nstd::this_thread::yield();\nstd::thread::id id;\n")
                self.assertEqual(len(house.check_threads(self.root)), 1)

    def test_top_level(self):
        self.write("scripts/x.sh", "")
        self.expect("top_level", "scripts")

    def test_files(self):
        self.write("src/gpio/a.cpp", "int x;\n")
        self.write("src/gpio/line_util.cpp", "// SPDX-License-Identifier: Apache-2.0\n")
        self.write("src/gpio/b.cpp", "// SPDX-License-Identifier: Apache-2.0\nclass LineManager {};\n" + "int x;\n" * 600)
        self.expect("files", "a.cpp: the first line", "line_util.cpp: a name", "b.cpp: 602", "'LineManager'")

    def test_causes_that_are_linked(self):
        self.write("tests/causes/CMakeLists.txt", "add_executable(causes causes.py)\n")
        self.expect("causes", "add_executable")

    def test_causes_that_are_compiled(self):
        self.write("tests/causes/door.cpp", "")
        self.expect("causes", "door.cpp")

    def test_thread_table_misses_a_worker(self):
        self.add("src/pipeline/lanes.cpp", 's.start({id_of(unit->id()), "ingest", Stage::sources, 5s, [a](int b) { c(); }});\n')
        self.add("src/pipeline/lanes.cpp", 's.start({\n"log", "sync", pipeline::Stage::log, 10s, x});\n')
        self.add("src/gpio/button.cpp", 'Worker w{"own", clock};\n')
        self.expect("thread_table", "'ingest' of 5 s", "'sync' of 10 s", "'own' of no deadline")

    def test_thread_table_says_when_it_cannot_read_a_worker(self):
        self.add("src/pipeline/lanes.cpp", 's.start({id, type_of(id), Stage::sources, limit, x});\n')
        self.expect("thread_table", "(unreadable)")

    def test_thread_table_gives_another_deadline(self):
        self.write("docs/threads.md", (self.root / "docs/threads.md").read_text().replace("5 s", "6 s"))
        self.expect("thread_table", "'button' of 5 s")

    def test_thread_table_misses_hand_overs(self):
        self.add("src/gpio/button.cpp", "using Q = MpscRing<event::Event,\n QueueName::event_processing, Overflow::refuse>;\n"
                 "Mailbox<Answer> answers;\n")
        self.expect("thread_table", "'event::Event by event_processing'", "'Mailbox<Answer>'")

    def test_thread_table_knows_the_queue_but_not_with_this_payload(self):
        self.add("src/gpio/button.cpp", "MpscRing<std::map<int, long>, QueueName::button, Overflow::refuse> out;\n")
        self.expect("thread_table", "'std::map<int, long> by button'")


def main(arguments):
    if arguments == ["--list"]:
        print(";".join(house.CHECKS), end="")
        return 0
    if arguments == ["--prove"]:
        return 0 if unittest.main(argv=["house"], exit=False).result.wasSuccessful() else 1
    root, check = Path(arguments[0]), arguments[1]
    faults = house.CHECKS[check](root)
    print("\n".join([house.CHECKS[check].__doc__] + faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

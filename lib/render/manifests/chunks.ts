import { YamlWriter } from './yaml.js';

// 256 KB: long enough that a write costs nothing, short enough that memory does not grow with the fleet
const CHUNK_LENGTH = 256 * 1024;

// A file that is made in parts would else ask for a new buffer for each of them.
let spare: YamlWriter | undefined;

/** Documents of one YAML file, `---` between them, in pieces that are valid until the next one is asked for. */
export function* chunksOf<Document>(
  documents: Iterable<Document>,
  write: (writer: YamlWriter, document: Document) => void,
): Iterable<Uint8Array> {
  // half as much again: a chunk is full only after the object that fills it
  const writer = spare ?? new YamlWriter(CHUNK_LENGTH * 1.5);
  spare = undefined;
  try {
    let first = true;
    for (const document of documents) {
      if (!first) writer.text('---\n');
      first = false;
      write(writer, document);
      if (writer.length >= CHUNK_LENGTH) yield writer.take();
    }
    if (writer.length > 0) yield writer.take();
  } finally {
    writer.take();
    spare = writer;
  }
}

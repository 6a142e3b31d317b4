/** The wall: a box to post, and what everybody posted, newest first. */
import { useEffect } from 'preact/hooks'
import { signal } from '@preact/signals'
import { network } from '../state.ts'
import { addNews } from '../tabs.ts'
import { Author, Disc } from './author.tsx'
import { give, session } from './commands.ts'
import { LetterList } from './letter-list.ts'
import { LetterPages } from './letter-pages.tsx'
import { LongText } from './long-text.tsx'
import { SearchBox } from './search-box.tsx'
import { loadStyle } from './style.ts'
import { When } from './when.tsx'
import { WriteBox } from './write-box.tsx'
import type { PostLine } from '../../../node/letter-lines.ts'

const postHeight = 96 // Of a post with one line.

const wanted = signal('')
const posts = signal<LetterList<PostLine> | undefined>(undefined)

/** Loads what the wall needs. */
export async function loadWallTab(): Promise<() => preact.JSX.Element> {
  await loadStyle()
  return WallTab
}

/** See the file's head. */
function WallTab(): preact.JSX.Element {
  const search = wanted.value
  useEffect(() => {
    if (network.session === undefined || posts.value !== undefined) return
    posts.value = openPosts(search)
  }, [])
  const list = posts.value
  return (
    <main class="talk wall">
      <div class="column">
        <h2 class="unseen">The wall</h2>
        <WriteBox
          label="A post for everybody"
          placeholder="Write to everybody in the network …"
          button="Post"
          send={async (text) => (await give(['post', '-'], text)).trim()}
        />
        <SearchBox
          label="Search the wall"
          value={search}
          onSearch={(text) => {
            wanted.value = text
            posts.value?.close()
            posts.value = openPosts(text)
          }}
        />
        {list !== undefined && (
          <LetterPages
            key={search}
            list={list}
            label="Posts, newest first"
            estimate={postHeight}
            row={(post) => <Post post={post} />}
            empty={noPosts(search !== '')}
          />
        )}
      </div>
    </main>
  )
}

function openPosts(search: string): LetterList<PostLine> {
  return new LetterList<PostLine>({
    session: session(),
    argv: ['wall', ...(search === '' ? [] : ['--search', search])],
    onNews: (count) => addNews('wall', count),
  })
}

function noPosts(isSearch: boolean): preact.JSX.Element {
  if (isSearch) return <p class="muted">No post has these words.</p>
  return (
    <>
      <h3>Nobody has posted yet</h3>
      <p class="muted">
        What is posted here, or with <code>skein post "text"</code>, everybody in the network gets,
        those too who are away now.
      </p>
    </>
  )
}

function Post({ post }: { readonly post: PostLine }): preact.JSX.Element {
  const { id, author, from, timeMs, text } = post
  return (
    <article class="post">
      <Disc id={author} name={from} />
      <header>
        <Author id={author} name={from} />
        <When timeMs={timeMs} />
      </header>
      <LongText id={`post ${id}`} text={text} />
    </article>
  )
}
